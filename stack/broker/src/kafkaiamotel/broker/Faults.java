package kafkaiamotel.broker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The faults that scripts/fault.ts switches on, read anew at every authentication: all.json strikes everybody,
 * principal.NAME.json that one principal, before the other.
 */
final class Faults {
  private static final Logger LOG = LoggerFactory.getLogger(Faults.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Fault NONE = new Fault("", 0);

  record Fault(String name, int seconds) {}

  private final Path folder;

  Faults(Path folder) {
    this.folder = folder;
  }

  Fault active(String principal) {
    Fault own = read(folder.resolve("principal." + principal + ".json"));
    return own == NONE ? read(folder.resolve("all.json")) : own;
  }

  /** Waits as long as the fault says, or until it is switched off: after a "clear" nobody has to wait any more. */
  void waitWhileSlow(String principal, Fault fault) {
    long end = System.nanoTime() + fault.seconds() * 1_000_000_000L;
    try {
      while (System.nanoTime() < end && active(principal).equals(fault)) Thread.sleep(100);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static Fault read(Path file) {
    try {
      JsonNode fault = JSON.readTree(Files.readAllBytes(file));
      return new Fault(fault.required("name").asText(), fault.path("seconds").asInt());
    } catch (NoSuchFileException e) {
      return NONE;
    } catch (IOException | IllegalArgumentException e) {
      LOG.error("Ignoring the fault in {}: {}", file, e.toString());
      return NONE;
    }
  }
}
