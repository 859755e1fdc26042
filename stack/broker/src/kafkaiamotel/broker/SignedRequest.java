package kafkaiamotel.broker;

import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.SortedMap;
import java.util.TreeMap;

/** An MSK token taken apart: a presigned URL in base64url. Nothing in it has been verified yet. */
record SignedRequest(String scheme, String host, String path, SortedMap<String, String> query) {

  static SignedRequest parse(String token) {
    URI url;
    try {
      byte[] decoded = Base64.getUrlDecoder().decode(token);
      // Java's decoder takes padding and stray bits as well: many texts for one token. Signers write this one.
      if (!Base64.getUrlEncoder().withoutPadding().encodeToString(decoded).equals(token)) {
        throw Refusal.invalidPayload("not base64url as signers write it");
      }
      for (byte b : decoded) {
        if (b <= ' ' || b > '~') throw Refusal.invalidPayload("not a URL");
      }
      url = new URI(new String(decoded, StandardCharsets.US_ASCII));
    } catch (IllegalArgumentException | URISyntaxException e) {
      // Neither message is repeated: it would quote the token.
      throw Refusal.invalidPayload("not a URL in base64url");
    }
    if (url.getHost() == null || url.getPort() != -1 || url.getUserInfo() != null || url.getFragment() != null) {
      throw Refusal.invalidPayload("not a plain URL");
    }
    return new SignedRequest(url.getScheme(), url.getHost(), url.getRawPath(), parameters(url.getRawQuery()));
  }

  String parameter(String name) {
    String value = query.get(name);
    if (value == null) throw Refusal.invalidPayload(name + " is missing");
    return value;
  }

  private static SortedMap<String, String> parameters(String rawQuery) {
    if (rawQuery == null) throw Refusal.invalidPayload("no query");
    SortedMap<String, String> parameters = new TreeMap<>();
    for (String pair : rawQuery.split("&", -1)) {
      int equals = pair.indexOf('=');
      String name = decode(equals < 0 ? pair : pair.substring(0, equals));
      String value = equals < 0 ? "" : decode(pair.substring(equals + 1));
      // Of two values only one could have been the one that was checked.
      if (parameters.putIfAbsent(name, value) != null) throw Refusal.invalidPayload("a parameter is repeated");
    }
    return parameters;
  }

  /** Percent-decoding as in a URL, not as in a form: "+" stays "+". What is not UTF-8 is refused, not mended. */
  private static String decode(String text) {
    try {
      String bytes = URLDecoder.decode(text.replace("+", "%2B"), StandardCharsets.ISO_8859_1);
      ByteBuffer utf8 = ByteBuffer.wrap(bytes.getBytes(StandardCharsets.ISO_8859_1));
      return StandardCharsets.UTF_8.newDecoder().decode(utf8).toString();
    } catch (IllegalArgumentException | CharacterCodingException e) {
      throw Refusal.invalidPayload("bad percent-encoding");
    }
  }
}
