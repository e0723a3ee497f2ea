package bench;

import java.util.Set;
import java.util.concurrent.atomic.LongAdder;
import org.apache.flink.api.connector.sink2.Sink;
import org.apache.flink.api.connector.sink2.SinkWriter;
import org.apache.flink.api.connector.sink2.WriterInitContext;
import org.apache.flink.configuration.ConfigOption;
import org.apache.flink.table.connector.ChangelogMode;
import org.apache.flink.table.connector.sink.DynamicTableSink;
import org.apache.flink.table.connector.sink.SinkV2Provider;
import org.apache.flink.table.data.RowData;
import org.apache.flink.table.factories.DynamicTableSinkFactory;

/**
 * The connector 'count': it counts rows and adds up their first column where that is the bigint n.
 * It encodes nothing, which is less work than Lazuli's outputs do.
 */
public final class CountSinkFactory implements DynamicTableSinkFactory {
    static final LongAdder ROWS = new LongAdder();
    static final LongAdder SUM = new LongAdder();

    @Override
    public String factoryIdentifier() {
        return "count";
    }

    @Override
    public Set<ConfigOption<?>> requiredOptions() {
        return Set.of();
    }

    @Override
    public Set<ConfigOption<?>> optionalOptions() {
        return Set.of();
    }

    @Override
    public DynamicTableSink createDynamicTableSink(Context context) {
        boolean sums = context.getCatalogTable().getResolvedSchema().getColumnNames().get(0).equals("n");
        return new CountSink(sums);
    }

    private record CountSink(boolean sums) implements DynamicTableSink {
        @Override
        public ChangelogMode getChangelogMode(ChangelogMode requested) {
            return ChangelogMode.insertOnly();
        }

        @Override
        public SinkRuntimeProvider getSinkRuntimeProvider(Context context) {
            return SinkV2Provider.of(new Counting(sums));
        }

        @Override
        public DynamicTableSink copy() {
            return this;
        }

        @Override
        public String asSummaryString() {
            return "count";
        }
    }

    private record Counting(boolean sums) implements Sink<RowData> {
        @Override
        public SinkWriter<RowData> createWriter(WriterInitContext context) {
            return new Writer(sums);
        }
    }

    /** Counts for itself and adds to the totals at the end: the hot path has no shared memory. */
    private static final class Writer implements SinkWriter<RowData> {
        private final boolean sums;
        private long rows;
        private long sum;

        Writer(boolean sums) {
            this.sums = sums;
        }

        @Override
        public void write(RowData row, Context context) {
            rows++;
            if (sums) {
                sum += row.getLong(0);
            }
        }

        @Override
        public void flush(boolean endOfInput) {}

        @Override
        public void close() {
            ROWS.add(rows);
            SUM.add(sum);
        }
    }
}
