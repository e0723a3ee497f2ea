// Writes one JSON line per top-level test: {"name","passed","output"}.
export default async function* reporter(events) {
  for await (const { type, data } of events) {
    if ((type === "test:pass" || type === "test:fail") && data.nesting === 0 && data.details.type !== "suite") {
      const error = data.details.error;
      const skipped = data.skip !== undefined || data.todo !== undefined;
      yield JSON.stringify({
        name: data.name.replaceAll(" ", "-"),
        passed: type === "test:pass" && !skipped,
        output: skipped ? "skipped" : String(error?.cause?.stack ?? error?.message ?? ""),
      }) + "\n";
    }
  }
}
