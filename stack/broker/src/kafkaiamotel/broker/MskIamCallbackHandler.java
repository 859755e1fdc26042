package kafkaiamotel.broker;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import javax.security.auth.callback.Callback;
import javax.security.auth.callback.UnsupportedCallbackException;
import javax.security.auth.login.AppConfigurationEntry;
import org.apache.kafka.common.security.auth.AuthenticateCallbackHandler;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerToken;
import org.apache.kafka.common.security.oauthbearer.OAuthBearerValidatorCallback;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What MSK's IAM listener does, for a listener of ours. Its settings come from the environment: MSK_REGION,
 * MSK_IDENTITIES (files, separated by commas, the first that exists is used) and MSK_FAULTS (a folder).
 */
public final class MskIamCallbackHandler implements AuthenticateCallbackHandler {
  private static final Logger LOG = LoggerFactory.getLogger(MskIamCallbackHandler.class);

  /** Shorter than any broker's cap, and just longer than the 10 s by which kafkajs re-authenticates ahead. */
  private static final int SHORT_SESSION_SECONDS = 12;

  /** Kafka makes one handler for every network thread: with identities of its own, each would read changes on its own. */
  private static Identities sharedIdentities;

  private TokenVerifier verifier;
  private Faults faults;

  @Override
  public void configure(Map<String, ?> configs, String mechanism, List<AppConfigurationEntry> jaasEntries) {
    try {
      List<Path> files = Arrays.stream(setting("MSK_IDENTITIES").split(",")).map(Path::of).toList();
      verifier = new TokenVerifier(setting("MSK_REGION"), identities(files), Clock.systemUTC());
      faults = new Faults(Path.of(setting("MSK_FAULTS")));
    } catch (IOException e) {
      throw new IllegalStateException("cannot read the identities: " + e, e);
    }
  }

  @Override
  public void handle(Callback[] callbacks) throws UnsupportedCallbackException {
    for (Callback callback : callbacks) {
      // SASL extensions are announced by a second callback; Kafka goes on without it.
      if (!(callback instanceof OAuthBearerValidatorCallback validator)) {
        throw new UnsupportedCallbackException(callback);
      }
      try {
        validator.token(authenticate(validator.tokenValue()));
      } catch (Refusal refusal) {
        LOG.info("Refused {} ({})", refusal.getMessage(), refusal.reason());
        throw refusal;
      }
    }
  }

  @Override
  public void close() {}

  private OAuthBearerToken authenticate(String value) {
    TokenVerifier.Verified verified = verifier.verify(value);
    String principal = verified.principal();
    Instant expiresAt = verified.expiresAt();
    Faults.Fault fault = faults.active(principal);
    switch (fault.name()) {
      case "deny" -> throw Refusal.accessDenied("fault");
      case "throttle" -> throw Refusal.tooManyConnects("fault");
      case "invalid-signature" -> throw Refusal.invalidPayload("fault");
      case "session-too-short" -> throw Refusal.sessionTooShort("fault");
      // This holds a network thread, and with it the connections it serves: the listener has eight.
      case "slow" -> faults.waitWhileSlow(principal, fault);
      case "short-session" -> expiresAt = earlier(expiresAt, Instant.now().plusSeconds(SHORT_SESSION_SECONDS));
      // Kafka itself refuses the re-authentication of a connection whose principal was another.
      case "principal-change" -> principal += "-changed";
      case "" -> {}
      default -> LOG.error("Ignoring the unknown fault {}", fault.name());
    }
    return new Token(value, Set.of(), expiresAt.toEpochMilli(), principal, verified.signedAt().toEpochMilli());
  }

  private static synchronized Identities identities(List<Path> files) throws IOException {
    if (sharedIdentities == null) sharedIdentities = new Identities(files);
    return sharedIdentities;
  }

  private static Instant earlier(Instant a, Instant b) {
    return a.isBefore(b) ? a : b;
  }

  private static String setting(String name) {
    String value = System.getenv(name);
    if (value == null || value.isBlank()) throw new IllegalStateException("the environment lacks " + name);
    return value;
  }

  /** Kafka ends the session at lifetimeMs, or at connections.max.reauth.ms if that comes first. */
  private record Token(
      String value, Set<String> scope, long lifetimeMs, String principalName, Long startTimeMs)
      implements OAuthBearerToken {
    /** A record prints its fields, and this one holds a token. */
    @Override
    public String toString() {
      return "Token[" + principalName + "]";
    }
  }
}
