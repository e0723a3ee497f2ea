package bench;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import org.apache.flink.configuration.Configuration;
import org.apache.flink.table.api.EnvironmentSettings;
import org.apache.flink.table.api.TableEnvironment;

/**
 * Runs a script of Flink SQL in an embedded cluster and prints what its last statement, an INSERT,
 * did, as one JSON line for each pass. The first pass is the warm-up.
 *
 * <p>usage: Peer script.sql parallelism passes checkpoint-interval-or-0s
 */
public final class Peer {
    private Peer() {}

    public static void main(String[] args) throws Exception {
        String[] statements = Files.readString(Path.of(args[0])).split(";\n");
        Configuration conf = new Configuration();
        conf.setString("parallelism.default", args[1]);
        conf.setString("table.local-time-zone", "UTC");
        conf.setString("pipeline.object-reuse", "true"); // its documented speed-up
        conf.setString("rest.bind-address", "localhost");
        conf.setString("rest.address", "localhost");
        conf.setString("taskmanager.memory.network.fraction", "0.1");
        if (!args[3].equals("0s")) {
            conf.setString("execution.checkpointing.interval", args[3]);
        }
        TableEnvironment env =
                TableEnvironment.create(EnvironmentSettings.newInstance().inStreamingMode().withConfiguration(conf).build());
        int last = statements.length - 1;
        for (int i = 0; i < last; i++) {
            env.executeSql(statements[i]);
        }
        OperatingSystemMXBean os = (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
        for (int pass = 0; pass < Integer.parseInt(args[2]); pass++) {
            CountSinkFactory.ROWS.reset();
            CountSinkFactory.SUM.reset();
            long begin = System.nanoTime();
            long cpu = os.getProcessCpuTime();
            env.executeSql(statements[last]).await();
            System.out.printf(
                    Locale.ROOT,
                    "{\"seconds\":%.3f,\"cpuSeconds\":%.3f,\"rows\":%d,\"sum\":%d}%n",
                    (System.nanoTime() - begin) / 1e9,
                    (os.getProcessCpuTime() - cpu) / 1e9,
                    CountSinkFactory.ROWS.sum(),
                    CountSinkFactory.SUM.sum());
        }
        System.exit(0); // the embedded cluster has threads that would keep the process
    }
}
