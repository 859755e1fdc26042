/**
 * Which failures the files `reproduced-*.test.ts` make happen. Each file compares its lists with what it has
 * asserted, and catalogue.test.ts compares `reproduced` with the rows that are marked so.
 */
export interface Covered {
  /** The real signer, AWS SDK, kafkajs and Node come to it by themselves; STS answers as facts were seen to be. */
  readonly reproduced: readonly string[]
  /** Made by this library, or said by MSK or AWS in words that are only reported or documented. */
  readonly others: readonly string[]
}

/** By the file that does. */
export const coveredBeforeAToken = {
  environment: {
    reproduced: [
      'credentials_not_found',
      'credentials_incomplete',
      'credentials_endpoint_unavailable',
      'profile_not_found',
    ],
    others: [],
  },
  profiles: { reproduced: ['sso_session_expired', 'credential_process_failed'], others: [] },
  webIdentity: {
    reproduced: [
      'web_identity_token_missing',
      'web_identity_token_expired',
      'web_identity_denied',
      'web_identity_token_invalid',
    ],
    others: [],
  },
  roles: {
    reproduced: [
      'assume_role_denied',
      'base_credentials_expired',
      'sts_throttled',
      'sts_unavailable',
      'sts_unreachable',
      'aws_certificate_untrusted',
    ],
    others: ['clock_skew', 'signer_timeout'],
  },
  identityOptions: { reproduced: ['sts_throttled'], others: [] },
  signer: { reproduced: ['token_expired', 'credentials_expiry_unknown', 'region_invalid'], others: [] },
  packages: { reproduced: ['package_missing'], others: [] },
} satisfies Record<string, Covered>

export const coveredWithABroker: Covered = {
  reproduced: [
    'sasl_mechanism_unsupported',
    'listener_without_sasl',
    'plaintext_to_tls_port',
    'tls_to_plaintext_port',
    'tls_handshake_timeout',
    'connection_refused',
    'connection_closed',
    'connection_timeout',
    'connection_lock_timeout',
    'dns_not_found',
    'request_timeout',
    'authentication_timeout',
    'tls_certificate_untrusted',
    'tls_certificate_expired',
    'tls_hostname_mismatch',
    'credentials_not_found',
  ],
  others: [
    'access_denied',
    'invalid_signature',
    'session_too_short',
    'principal_changed',
    'too_many_connects',
    'oauthbearer_error',
    'sasl_authentication_failed',
    'raw_credentials_refused',
    'token_refused_again',
    'signer_timeout',
    'provider_closed',
  ],
}
