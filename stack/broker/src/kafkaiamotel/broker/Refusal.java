package kafkaiamotel.broker;

import java.util.UUID;
import org.apache.kafka.common.errors.SaslAuthenticationException;

/**
 * A refusal in MSK's words: "[uuid]: Access denied", the uuid being what AWS support asks for.
 *
 * <p>It extends SaslAuthenticationException because only that exception's text reaches the client as an error:
 * OAuthBearerValidatorCallback.error() would answer with error code NONE, which kafkajs takes for success.
 */
final class Refusal extends SaslAuthenticationException {
  private static final long serialVersionUID = 1L;

  /** What the broker's own log says; the client is told no more than MSK tells it. */
  private final String reason;

  private Refusal(String text, String reason) {
    super("[" + UUID.randomUUID() + "]: " + text);
    this.reason = reason;
  }

  static Refusal accessDenied(String reason) {
    return new Refusal("Access denied", reason);
  }

  static Refusal invalidPayload(String reason) {
    return new Refusal("Invalid authentication payload", reason);
  }

  static Refusal sessionTooShort(String reason) {
    return new Refusal("Session too short", reason);
  }

  static Refusal tooManyConnects(String reason) {
    return new Refusal("Too many connects", reason);
  }

  String reason() {
    return reason;
  }
}
