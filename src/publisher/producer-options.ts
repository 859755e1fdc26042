/** How a producer's sends are told. */
export interface ProducerOptions {
  /**
   * A `create` span for each message, whose context the message carries; the send links to them. Default false: the
   * messages carry the context of the send, which is one span whatever its size.
   */
  readonly perMessageSpans?: boolean
}
