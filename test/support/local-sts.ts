export { mintCredentials } from '../../src/testing/iam/local-keys.ts'
export {
  type LocalSts,
  type LocalStsOptions,
  type StsFault,
  startLocalSts,
} from '../../src/testing/local-sts.ts'
export type { StsRequest } from '../../src/testing/sts/answers.ts'
