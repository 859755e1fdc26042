export type { Fault, FaultEffect, FaultHandle, FaultScope, Faults } from './faults.ts'
export type { IdentityRegistry, SandboxIdentity } from './iam/identities.ts'
export { type LocalSts, type LocalStsOptions, type StsFault, startLocalSts } from './local-sts.ts'
export { type Sandbox, type SandboxAuthentication, type SandboxOptions, startSandbox } from './sandbox.ts'
