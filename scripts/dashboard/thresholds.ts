/** Where the alert rules draw their lines, for dashed lines and colours. A test compares them with the rules. */
export const threshold = {
  /** Where refreshes fail, and in any case. */
  credentialsSeconds: { failing: 250, always: 120 },
  /** Of its whole life. */
  tokenShare: 0.3,
  /** That share of a token of 15 minutes, which is what MSK takes. */
  tokenSeconds: 270,
  /** Of one provider. */
  authenticationsIn10Minutes: 120,
  throttledShare: 0.2,
  /** Of the messages, at 99.9 %: the fast burn and the slow burn. */
  publishFailures: { fast: 0.0144, slow: 0.006 },
  publishSeconds: 1,
  behindSeconds: 600,
} as const

/** The alerts that there are, in the order of the story. */
export const alerts = [
  'MskIamCredentialsExpiring',
  'MskIamTokenRefreshFailing',
  'MskIamTokenNotRefreshed',
  'MskIamTokenExpiring',
  'MskIamSignerRetriesRising',
  'MskIamAuthenticationRefused',
  'MskIamReauthenticationStorm',
  'MskIamConnectionThrottled',
  'MskIamPublishFailing',
  'MskIamPublishFailingSlowly',
  'MskIamPublishSlow',
  'MskIamConsumerEnded',
  'MskIamConsumerCrashing',
  'MskIamConsumerBehind',
  'MskIamTelemetryMissing',
  'MskIamTelemetryDropped',
  'MskIamCollectorDown',
] as const
