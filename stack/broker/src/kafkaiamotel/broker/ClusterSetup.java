package kafkaiamotel.broker;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.errors.TopicExistsException;
import org.apache.kafka.common.errors.TransactionalIdNotFoundException;

/**
 * Makes the broker's ACLs those of identities.json, and the topics that should exist: run at every start, changes
 * only what differs. Arguments: bootstrap server, identities.json, topics as NAME:PARTITIONS.
 */
public final class ClusterSetup {
  private ClusterSetup() {}

  public static void main(String[] args) throws Exception {
    if (args.length < 2) throw new IllegalArgumentException("usage: SERVER IDENTITIES [TOPIC:PARTITIONS]...");
    Set<AclBinding> wanted = IamPermissions.acls(new ObjectMapper().readTree(new File(args[1])));
    Map<String, Object> settings = Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, args[0]);
    try (Admin admin = Admin.create(settings)) {
      createTopics(admin, List.of(args).subList(2, args.length));
      reconcile(admin, wanted);
      awaitCoordinators(admin);
    }
  }

  private static void createTopics(Admin admin, List<String> topics) throws Exception {
    for (String topic : topics) {
      String[] parts = topic.split(":");
      NewTopic wanted = new NewTopic(parts[0], Integer.parseInt(parts[1]), (short) 1);
      try {
        admin.createTopics(List.of(wanted)).all().get();
      } catch (ExecutionException e) {
        if (!(e.getCause() instanceof TopicExistsException)) throw e;
      }
    }
  }

  /** Kafka makes its internal topics when first asked for a coordinator; the first client would find none yet. */
  private static void awaitCoordinators(Admin admin) throws Exception {
    try {
      admin.describeTransactions(List.of("cluster-setup")).all().get();
    } catch (ExecutionException e) {
      if (!(e.getCause() instanceof TransactionalIdNotFoundException)) throw e;
    }
    admin.listConsumerGroupOffsets("cluster-setup").partitionsToOffsetAndMetadata().get();
  }

  private static void reconcile(Admin admin, Set<AclBinding> wanted) throws Exception {
    Collection<AclBinding> present = admin.describeAcls(AclBindingFilter.ANY).values().get();
    Set<AclBinding> missing = new HashSet<>(wanted);
    missing.removeAll(present);
    Set<AclBindingFilter> surplus =
        present.stream()
            .filter(acl -> !wanted.contains(acl))
            .map(AclBinding::toFilter)
            .collect(Collectors.toSet());
    if (!missing.isEmpty()) admin.createAcls(missing).all().get();
    if (!surplus.isEmpty()) admin.deleteAcls(surplus).all().get();
    System.out.println(
        wanted.size() + " ACLs: " + missing.size() + " created, " + surplus.size() + " removed");
  }
}
