/** What a principal may do. */
export interface Rights {
  mayDescribe(topic: string): boolean
  mayCreate(topic: string): boolean
  mayWrite(topic: string): boolean
  readonly mayWriteIdempotently: boolean
}

export const ALL_RIGHTS: Rights = {
  mayDescribe: () => true,
  mayCreate: () => true,
  mayWrite: () => true,
  mayWriteIdempotently: true,
}
