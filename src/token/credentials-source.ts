/** `msk_iam.credentials.source`: where credentials came from. */
export type CredentialsSource =
  | 'env'
  | 'profile'
  | 'sso'
  | 'process'
  | 'web_identity'
  | 'container'
  | 'imds'
  | 'assume_role'
  | 'custom'

/**
 * From the features that the AWS SDK notes on credentials as `$source`. Several can be set at once (a profile that
 * assumes a role): the step that says most about what can fail wins.
 */
const features: readonly [RegExp, CredentialsSource][] = [
  [/WEB_ID/, 'web_identity'],
  [/ASSUME_ROLE|SOURCE_PROFILE/, 'assume_role'],
  [/SSO|LOGIN/, 'sso'],
  [/PROCESS/, 'process'],
  [/HTTP/, 'container'],
  [/IMDS/, 'imds'],
  [/PROFILE/, 'profile'],
  [/ENV_VARS/, 'env'],
]

/** @param unsaid for credentials without a note: the SDK makes none for instance and assumed roles */
export function credentialsSource(credentials: object, unsaid: CredentialsSource): CredentialsSource {
  const names = Object.keys((credentials as { $source?: object }).$source ?? {})
  return features.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1] ?? unsaid
}
