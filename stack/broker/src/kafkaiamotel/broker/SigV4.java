package kafkaiamotel.broker;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Map;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** AWS Signature Version 4 of a presigned request without a body. */
final class SigV4 {
  static final String ALGORITHM = "AWS4-HMAC-SHA256";

  /** The signature cannot sign itself, and the signers append User-Agent after signing. */
  private static final Set<String> UNSIGNED = Set.of("X-Amz-Signature", "User-Agent");

  private SigV4() {}

  /** Compares in constant time, so that the answer's delay does not give the signature away. */
  static boolean matches(SignedRequest request, String scope, String secretAccessKey) {
    byte[] expected = signature(request, scope, secretAccessKey).getBytes(StandardCharsets.US_ASCII);
    byte[] given = request.parameter("X-Amz-Signature").getBytes(StandardCharsets.US_ASCII);
    return MessageDigest.isEqual(expected, given);
  }

  private static String signature(SignedRequest request, String scope, String secretAccessKey) {
    String canonicalRequest =
        String.join(
            "\n",
            "GET",
            request.path(),
            canonicalQuery(request.query()),
            "host:" + request.host(),
            "",
            "host",
            sha256(""));
    String toSign =
        String.join("\n", ALGORITHM, request.parameter("X-Amz-Date"), scope, sha256(canonicalRequest));
    byte[] key = ("AWS4" + secretAccessKey).getBytes(StandardCharsets.UTF_8);
    // The scope, part by part: date, region, service, "aws4_request".
    for (String part : scope.split("/")) key = hmac(key, part);
    return HexFormat.of().formatHex(hmac(key, toSign));
  }

  private static String canonicalQuery(Map<String, String> query) {
    // Sorted once more, because AWS orders the encoded names.
    Map<String, String> encoded = new TreeMap<>();
    query.forEach((name, value) -> {
      if (!UNSIGNED.contains(name)) encoded.put(encode(name), encode(value));
    });
    StringJoiner canonical = new StringJoiner("&");
    encoded.forEach((name, value) -> canonical.add(name + "=" + value));
    return canonical.toString();
  }

  /** RFC 3986, where Java encodes for forms. */
  private static String encode(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8)
        .replace("+", "%20")
        .replace("*", "%2A")
        .replace("%7E", "~");
  }

  static byte[] hmac(byte[] key, String message) {
    try {
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(key, "HmacSHA256"));
      return mac.doFinal(message.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String sha256(String text) {
    try {
      byte[] digest = MessageDigest.getInstance("SHA-256").digest(text.getBytes(StandardCharsets.UTF_8));
      return HexFormat.of().formatHex(digest);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }
}
