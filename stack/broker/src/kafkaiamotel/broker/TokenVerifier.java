package kafkaiamotel.broker;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says whose token it is and how long it lives, or throws a {@link Refusal}.
 *
 * <p>MSK's texts are known from users' reports; which text it gives for which fault is partly assumed:
 * "Access denied" for a missing permission and "Invalid authentication payload" for a bad signature are reported,
 * the marks "assumed" below are ours.
 */
final class TokenVerifier {
  private static final Pattern CREDENTIAL =
      Pattern.compile("([A-Z0-9]{16,128})/((\\d{8})/([a-z0-9-]+)/kafka-cluster/aws4_request)");
  private static final Set<String> PARAMETERS =
      Set.of(
          "Action",
          "User-Agent",
          "X-Amz-Algorithm",
          "X-Amz-Credential",
          "X-Amz-Date",
          "X-Amz-Expires",
          "X-Amz-Security-Token",
          "X-Amz-Signature",
          "X-Amz-SignedHeaders");
  private static final Pattern DATE = Pattern.compile("\\d{8}T\\d{6}Z");
  private static final DateTimeFormatter DATE_FORMAT = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");
  /** The official signer gives fractions of a second when the credentials are about to expire. */
  private static final Pattern SECONDS = Pattern.compile("\\d{1,3}(\\.\\d+)?");
  private static final double LONGEST_SECONDS = 900;
  private static final Duration CLOCK_TOLERANCE = Duration.ofMinutes(5);

  record Verified(String principal, Instant signedAt, Instant expiresAt) {}

  private final String region;
  private final Identities identities;
  private final Clock clock;

  TokenVerifier(String region, Identities identities, Clock clock) {
    this.region = region;
    this.identities = identities;
    this.clock = clock;
  }

  Verified verify(String token) {
    SignedRequest request = SignedRequest.parse(token);
    checkTarget(request);
    Matcher credential = matcher(CREDENTIAL, request, "X-Amz-Credential");
    Instant signedAt = signedAt(request, credential.group(3));
    Instant expiresAt = expiresAt(request, signedAt);
    // Assumed: a wrong region. Told before the signature is looked at, since the log's reason is then the useful one.
    if (!credential.group(4).equals(region)) throw Refusal.invalidPayload("signed for another region");

    Identities.Key key =
        identities.key(credential.group(1), request.query().get("X-Amz-Security-Token"), clock.instant());
    if (!SigV4.matches(request, credential.group(2), key.secretAccessKey())) {
      throw Refusal.invalidPayload("the signature does not match");
    }
    if (!identities.mayConnect(key.principal())) {
      throw Refusal.accessDenied(key.principal() + " has no permission kafka-cluster:Connect");
    }
    return new Verified(key.principal(), signedAt, expiresAt);
  }

  /** Assumed: the text for each of these. */
  private void checkTarget(SignedRequest request) {
    require("https".equals(request.scheme()), "not https");
    require(request.host().equals("kafka." + region + ".amazonaws.com"), "not the host of " + region);
    require("/".equals(request.path()), "not the path /");
    require(PARAMETERS.containsAll(request.query().keySet()), "an unknown query parameter");
    require("kafka-cluster:Connect".equals(request.parameter("Action")), "not the action kafka-cluster:Connect");
    require(SigV4.ALGORITHM.equals(request.parameter("X-Amz-Algorithm")), "not " + SigV4.ALGORITHM);
    require("host".equals(request.parameter("X-Amz-SignedHeaders")), "signed headers other than host");
  }

  private Instant signedAt(SignedRequest request, String scopeDate) {
    String date = matcher(DATE, request, "X-Amz-Date").group();
    require(date.startsWith(scopeDate), "X-Amz-Date is not of the credential scope's day");
    Instant signedAt;
    try {
      signedAt = LocalDateTime.parse(date, DATE_FORMAT).toInstant(ZoneOffset.UTC);
    } catch (DateTimeParseException e) {
      throw Refusal.invalidPayload("X-Amz-Date is no date");
    }
    // Assumed: both the tolerance and the text.
    require(!signedAt.isAfter(clock.instant().plus(CLOCK_TOLERANCE)), "signed in the future");
    return signedAt;
  }

  /** Assumed: the text, and that a token of more than the signers' 900 s is refused. */
  private Instant expiresAt(SignedRequest request, Instant signedAt) {
    double seconds = Double.parseDouble(matcher(SECONDS, request, "X-Amz-Expires").group());
    require(seconds <= LONGEST_SECONDS, "X-Amz-Expires is over 900");
    Instant expiresAt = signedAt.plusMillis(Math.round(seconds * 1000));
    require(expiresAt.isAfter(clock.instant()), "expired");
    return expiresAt;
  }

  private static Matcher matcher(Pattern pattern, SignedRequest request, String parameter) {
    Matcher matcher = pattern.matcher(request.parameter(parameter));
    require(matcher.matches(), parameter + " is malformed");
    return matcher;
  }

  private static void require(boolean holds, String otherwise) {
    if (!holds) throw Refusal.invalidPayload(otherwise);
  }
}
