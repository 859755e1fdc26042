package kafkaiamotel.broker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.Base64;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Who may sign: identities.json, read again whenever it changes, and the temporary keys of the tests' local STS. */
final class Identities {
  private static final Logger LOG = LoggerFactory.getLogger(Identities.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * The contract with startLocalSts of kafka-iam-otel/testing (src/testing/iam/local-keys.ts): such a key's secret is
   * derived from its id, under this test key.
   */
  private static final Pattern TEMPORARY_KEY = Pattern.compile("ASIALOCAL[A-Z0-9]{11}");

  private static final byte[] TEMPORARY_KEY_SECRET =
      "kafka-iam-otel test key, not a secret".getBytes(StandardCharsets.UTF_8);

  record Key(String principal, String secretAccessKey) {}

  private record Snapshot(Path file, FileTime modified, Map<String, Key> keys, Set<String> connecting) {}

  private final List<Path> candidates;
  private Snapshot snapshot;

  /** @param candidates the first file that exists is used, so that a test may put its own before the committed one */
  Identities(List<Path> candidates) throws IOException {
    this.candidates = candidates;
    this.snapshot = read(present());
  }

  boolean mayConnect(String principal) {
    return current().connecting().contains(principal);
  }

  Key key(String accessKeyId, String sessionToken, Instant now) {
    if (TEMPORARY_KEY.matcher(accessKeyId).matches()) return temporaryKey(accessKeyId, sessionToken, now);
    Key key = current().keys().get(accessKeyId);
    if (key == null) throw Refusal.accessDenied("unknown access key");
    return key;
  }

  private static Key temporaryKey(String accessKeyId, String sessionToken, Instant now) {
    if (sessionToken == null) throw Refusal.accessDenied("a temporary key without a session token");
    JsonNode session;
    try {
      session = JSON.readTree(Base64.getUrlDecoder().decode(sessionToken));
    } catch (IOException | IllegalArgumentException e) {
      throw Refusal.accessDenied("not a session token of the local STS");
    }
    if (!session.path("principal").isTextual() || !session.path("expiration").isIntegralNumber()) {
      throw Refusal.accessDenied("not a session token of the local STS");
    }
    // Assumed: MSK's text for credentials that are over while the token is not.
    if (session.get("expiration").asLong() <= now.toEpochMilli()) {
      throw Refusal.invalidPayload("the session token has expired");
    }
    byte[] secret = SigV4.hmac(TEMPORARY_KEY_SECRET, accessKeyId);
    return new Key(session.get("principal").asText(), Base64.getEncoder().encodeToString(secret));
  }

  private synchronized Snapshot current() {
    try {
      Path file = present();
      if (!file.equals(snapshot.file()) || !Files.getLastModifiedTime(file).equals(snapshot.modified())) {
        snapshot = read(file);
        LOG.info("Read {} access keys from {}", snapshot.keys().size(), file);
      }
    } catch (IOException | RuntimeException e) {
      // A file caught half-written must not lock everybody out: the last good one stays.
      LOG.error("Cannot read the identities, keeping those of {}: {}", snapshot.modified(), e.toString());
    }
    return snapshot;
  }

  private Path present() {
    return candidates.stream().filter(Files::exists).findFirst().orElse(candidates.get(candidates.size() - 1));
  }

  private static Snapshot read(Path file) throws IOException {
    // The time first: a change during the reading is then seen next time.
    FileTime modified = Files.getLastModifiedTime(file);
    Map<String, Key> keys = new HashMap<>();
    Set<String> connecting = new HashSet<>();
    for (JsonNode identity : JSON.readTree(Files.readAllBytes(file))) {
      String principal = identity.required("principal").asText();
      for (JsonNode key : identity.required("accessKeys")) {
        String id = key.required("accessKeyId").asText();
        keys.put(id, new Key(principal, key.required("secretAccessKey").asText()));
      }
      if (identity.path("permissions").path("kafka-cluster:Connect").asBoolean()) connecting.add(principal);
    }
    return new Snapshot(file, modified, Map.copyOf(keys), Set.copyOf(connecting));
  }
}
