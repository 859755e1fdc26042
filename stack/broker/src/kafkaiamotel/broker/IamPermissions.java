package kafkaiamotel.broker;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.Resource;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;

/** IAM's actions on a cluster, in Kafka's terms. */
final class IamPermissions {
  private record Grant(ResourceType type, AclOperation operation) {}

  private static final Map<String, Grant> GRANTS =
      Map.ofEntries(
          Map.entry("kafka-cluster:DescribeCluster", new Grant(ResourceType.CLUSTER, AclOperation.DESCRIBE)),
          Map.entry(
              "kafka-cluster:WriteDataIdempotently", new Grant(ResourceType.CLUSTER, AclOperation.IDEMPOTENT_WRITE)),
          Map.entry("kafka-cluster:CreateTopic", new Grant(ResourceType.TOPIC, AclOperation.CREATE)),
          Map.entry("kafka-cluster:DescribeTopic", new Grant(ResourceType.TOPIC, AclOperation.DESCRIBE)),
          Map.entry("kafka-cluster:AlterTopic", new Grant(ResourceType.TOPIC, AclOperation.ALTER)),
          Map.entry("kafka-cluster:DeleteTopic", new Grant(ResourceType.TOPIC, AclOperation.DELETE)),
          Map.entry("kafka-cluster:WriteData", new Grant(ResourceType.TOPIC, AclOperation.WRITE)),
          Map.entry("kafka-cluster:ReadData", new Grant(ResourceType.TOPIC, AclOperation.READ)),
          Map.entry("kafka-cluster:DescribeGroup", new Grant(ResourceType.GROUP, AclOperation.DESCRIBE)),
          Map.entry("kafka-cluster:AlterGroup", new Grant(ResourceType.GROUP, AclOperation.READ)),
          Map.entry("kafka-cluster:DeleteGroup", new Grant(ResourceType.GROUP, AclOperation.DELETE)),
          Map.entry(
              "kafka-cluster:DescribeTransactionalId",
              new Grant(ResourceType.TRANSACTIONAL_ID, AclOperation.DESCRIBE)),
          Map.entry(
              "kafka-cluster:AlterTransactionalId", new Grant(ResourceType.TRANSACTIONAL_ID, AclOperation.WRITE)));

  private IamPermissions() {}

  static Set<AclBinding> acls(JsonNode identities) {
    Set<AclBinding> acls = new HashSet<>();
    for (JsonNode identity : identities) {
      String principal = identity.required("principal").asText();
      identity.path("permissions").fields().forEachRemaining(permission -> {
        String action = permission.getKey();
        // The callback handler's own business: Kafka has no such operation.
        if (action.equals("kafka-cluster:Connect")) return;
        Grant grant = GRANTS.get(action);
        if (grant == null) throw new IllegalArgumentException(principal + ": unknown permission " + action);
        for (ResourcePattern pattern : patterns(grant.type(), permission.getValue())) {
          acls.add(
              new AclBinding(
                  pattern,
                  new AccessControlEntry(
                      "User:" + principal, "*", grant.operation(), AclPermissionType.ALLOW)));
        }
      });
    }
    return acls;
  }

  /** true for the cluster, else a list of names: "orders" is one, "orders*" a prefix, "*" all of them. */
  private static List<ResourcePattern> patterns(ResourceType type, JsonNode value) {
    List<ResourcePattern> patterns = new ArrayList<>();
    if (type == ResourceType.CLUSTER) {
      if (value.asBoolean()) patterns.add(new ResourcePattern(type, Resource.CLUSTER_NAME, PatternType.LITERAL));
      return patterns;
    }
    for (JsonNode entry : value) {
      String name = entry.asText();
      boolean prefix = name.length() > 1 && name.endsWith("*");
      patterns.add(
          prefix
              ? new ResourcePattern(type, name.substring(0, name.length() - 1), PatternType.PREFIXED)
              : new ResourcePattern(type, name, PatternType.LITERAL));
    }
    return patterns;
  }
}
