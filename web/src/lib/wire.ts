// Made by `go run ./internal/page/typescript` from the Go types, which say what each field means. Do not edit.

export interface Opened {
  id: string
}

export interface StreamChange {
  add: string[]
  drop: string[]
}

export interface Summary {
  t: number
  name: string
  version: string
  startedAt: string
  build: string
  counts: Record<string, number>
  failing: Record<string, number>
  totals: Record<string, number>
  levels: Record<string, number>
}

export interface NoticeList {
  notices: Notice[]
  more: number
}

export interface Notice {
  id: string
  kind: string
  subject: string
  detail: string
  command?: string
  to: string
  state: 'warn' | 'bad'
  count: number
  first: number
  last: number
  over: boolean
  muted?: boolean
}

export interface TaskState {
  id: string
  kind: string
  subject: string
  to: string
  state: 'busy' | 'ok' | 'bad' | 'off'
  done: number
  of: number
  rate: number
  said?: string
  error?: string
  result?: string
  started: number
  ended?: number
}

export interface Asked {
  requests: number
  refused: number
  failed: number
  rate: number
}

export interface NamesPage {
  names: NameRow[]
  total: number
}

export interface NameRow {
  kind: string
  id: string
  state?: string
}

export interface InstanceRow {
  name: string
  dir: string
  url: string
  startedAt: string
  self: boolean
}

export interface About {
  name: string
  version: string
  go: string
  dir: string
  dataDir: string
  sync: string
  addresses: Address[]
  data: DataUse[]
  free: number
  streams: number
  modules: string[]
}

export interface Address {
  service: string
  address: string
  key: string
}

export interface DataUse {
  part: string
  bytes: number
}

export interface History {
  t: number[]
  series: Record<string, number[]>
}

export interface ListPage {
  rows: unknown[]
  total: number
  next: string
}

export interface ProblemBody {
  error: string
  kind: string
  line?: number
  col?: number
  start?: number
  end?: number
}

export interface Place {
  line?: number
  col?: number
  start?: number
  end?: number
}

export interface FilterList {
  filters: SavedFilter[]
}

export interface SavedFilter {
  page: string
  name: string
  q: string
}

export interface BoardEntry {
  id: string
  name: string
  title: Record<string, string>
  subtitle?: Record<string, string>
  file: string
  tiles: number
  problems: number
  state: 'ok' | 'warn' | 'bad'
}

export interface BoardDetail {
  name: string
  file: string
  etag: string
  rev: string
  definition: Board
  former: boolean
  problems: BoardProblem[]
}

export interface BoardFile {
  name: string
  etag: string
  text: string
}

export interface BoardSources {
  containers: string[]
  datasets: string[]
}

export interface Hub {
  id: string
  ns: string
  name: string
  state: string
  in: number
  out: number
  total: number
  kept: number
  size: number
  lastAt: number
  partitions: number
  consumers: number
  behind: number
  lag: number
  spark: number[]
}

export interface HubDetail {
  id: string
  ns: string
  name: string
  state: string
  in: number
  out: number
  total: number
  kept: number
  size: number
  lastAt: number
  partitions: number
  consumers: number
  behind: number
  lag: number
  spark: number[]
  settings: HubSettings
  declared: boolean
  created: number
  bytes: number
  parts: HubPartition[]
  readers: HubConsumer[]
}

export interface HubPartition {
  id: number
  begin: number
  last: number
  lastAt: number
  size: number
  in: number
}

export interface HubSettings {
  partitions: number
  retentionHours: number
  retentionMiB: number
  groups: string[]
}

export interface HubConsumer {
  id: string
  kind: string
  app?: string
  name: string
  group: string
  state: string
  growing: boolean
  seen: boolean
  links: number
  out: number
  lastAt: number
  lag: number
  lags: number[]
  position: number[]
}

export interface HubSearch {
  q: string
  oldest: boolean
  from: number
  to: number
  after: string
  limit: number
}

export interface HubSearchBegan {
  at: number[]
  of: number
}

export interface HubEventRow {
  p: number
  s: number
  t: number
  k?: string
  n: number
  b: string
  x?: boolean
  m?: Record<string, unknown>
}

export interface HubSearchProgress {
  scanned: number
  of: number
  matched: number
  done?: boolean
  next?: string
  error?: string
}

export interface HubTail {
  q: string
  at: number[]
}

export interface HubTailed {
  rows: HubEventRow[]
  dropped: number
  at: number[]
  error?: string
}

export interface HubCounts {
  t: number[]
  count: number[]
  step: number
}

export interface HubEvent {
  partition: number
  sequence: number
  offset: string
  enqueuedAt: number
  key?: string
  body?: string
  binary?: string
  size: number
  properties?: unknown
  system?: unknown
  traceParent?: string
  readBy: HubReadBy[]
}

export interface HubReadBy {
  id: string
  kind: string
  app?: string
  name: string
  read: boolean
  seen: boolean
  behind: number
  run?: HubRun
}

export interface HubRun {
  id: string
  at: number
  durationMs: number
  error?: string
  retry: number
  running: boolean
}

export interface NewEvents {
  body: string
  binary: string
  lines: boolean
  key: string
  partition: number | null
  contentType: string
  properties: Record<string, unknown>
  count: number
}

export interface SentEvent {
  partition: number
  sequence: number
  enqueuedAt: number
}

export interface SendingTask {
  task: string
  of: number
}

export interface Replay {
  q: string
  from: number
  to: number
  into: string
  pace: number
}

export interface NewHub {
  name: string
  partitions: number
  retentionHours: number
  retentionMiB: number
  groups: string[]
}

export interface HubNamespaces {
  namespaces: string[]
}

export interface AccountRow {
  id: string
  host: string
  databases: number
}

export interface Database {
  id: string
  account: string
  name: string
  containers: number
  throughput?: unknown
}

export interface Container {
  id: string
  account: string
  database: string
  name: string
  key: string[]
  documents: number
  bytes: number
  changes: number
  ttl: number | null
  leases: boolean
}

export interface QueryPage {
  rows: DataRow[]
  continuation?: string
  charge: number
  explain: string
  by: string
  walks: string[]
  walkCount: number
  entries: number
  documents: number
  bytes: number
  rowBytes: number
  compileMs: number
  durationMs: number
}

export interface DataRow {
  text: string
  cut?: Record<string, number>
  rid?: string
}

export interface CheckedQuery {
  problems: ProblemBody[]
}

export interface ItemPage {
  rows: ItemRow[]
  next: string
  total: number
  query?: string
  charge: number
  by: string
  durationMs: number
}

export interface ItemRow {
  text: string
  cut?: Record<string, number>
  rid?: string
  id: string
  key: string
  bytes: number
}

export interface CountedItems {
  count: number
}

export interface Item {
  text: string
  id: string
  key: string
  rid: string
  etag: string
  time: number
  lsn: number
}

export interface ContainerSettings {
  resource: unknown
  etag: string
  throughput: unknown
  shared: boolean
  lsn: number
  documents: number
  bytes: number
}

export interface NewDatabase {
  id: string
  throughput?: unknown
}

export interface NewContainer {
  resource: unknown
  throughput?: unknown
  etag?: string
}

export interface ChangePage {
  changes: Change[]
  next: number
  lsn: number
  skipped: number
}

export interface Change {
  text: string
  cut?: Record<string, number>
  rid?: string
  id: string
  key: string
  lsn: number
  time: number
}

export interface ContainerSchema {
  sampled: number
  of: number
  paths: SchemaPath[]
  more: boolean
}

export interface SchemaPath {
  path: string[]
  kinds: string[]
  count: number
  values: SchemaValue[]
}

export interface SchemaValue {
  value: string
  count: number
}

export interface AskedQueries {
  queries: AskedQuery[]
}

export interface AskedQuery {
  id: string
  time: string
  container: string
  query: string
  rows: number
  more: boolean
  charge: number
  durationMs: number
  error?: string
  times: number
}

export interface StartedTask {
  task: string
}

export interface StorageAccount {
  id: string
  usual: boolean
  host: string
  url: string
  versions: boolean
  blobDays: number
  containerDays: number
}

export interface BlobContainer {
  id: string
  account: string
  name: string
  blobs: number
  bytes: number
  access: string
  lease: string
  modified: number
  asked: Asked
}

export interface BlobContainerDetail {
  name: string
  url: string
  etag: string
  created: number
  modified: number
  metadata: BlobPair[]
  access: string
  lease: string
}

export interface NewBlobContainer {
  name: string
  access: string
}

export interface DeletedContainers {
  rows: DeletedContainer[]
}

export interface DeletedContainer {
  name: string
  version: string
  deleted: number
  remainingDays: number
}

export interface BlobPage {
  rows: BlobRow[]
  next: string
}

export interface BlobRow {
  name: string
  folder?: boolean
  size?: number
  modified?: number
  type?: string
  content?: string
  tier?: string
  lease?: string
  deleted?: boolean
  version?: string
}

export interface CountedBlobs {
  blobs: number
  bytes: number
  more: boolean
}

export interface ExistingBlobs {
  names: string[]
}

export interface BlobDetail {
  name: string
  snapshot?: string
  version?: string
  url: string
  type: string
  size: number
  etag: string
  created: number
  modified: number
  headers: BlobHeaders
  md5: string
  metadata: BlobPair[]
  tags: BlobPair[]
  tier: string
  tierInferred: boolean
  lease: string
  leaseForever: boolean
  copy?: BlobCopy
  sequence: number
  blocks: number
  sealed: boolean
  locked: boolean
  deleted: boolean
  remainingDays: number
  states: BlobState[]
  more: boolean
}

export interface BlobHeaders {
  contentType: string
  contentEncoding: string
  contentLanguage: string
  contentDisposition: string
  cacheControl: string
}

export interface BlobPair {
  name: string
  value: string
}

export interface BlobCopy {
  id: string
  source: string
  status: string
  detail: string
  copied: number
  total: number
  completed: number
}

export interface BlobState {
  snapshot?: string
  version?: string
  size: number
  modified: number
  current: boolean
  deleted: boolean
}

export interface UncommittedBlocks {
  blocks: BlockRow[]
}

export interface BlockRow {
  id: string
  size: number
}

export interface BlockCommit {
  blocks: string[]
  type: string
  overwrite: boolean
}

export interface BlobChanged {
  etag: string
}

export interface BlobCopyTo {
  container: string
  name: string
  overwrite: boolean
}

export interface SasAsk {
  permissions: string
  start: number
  expiry: number
  ip: string
  https: boolean
}

export interface SasSigned {
  url: string
  query: string
}

export interface Queue {
  id: string
  account: string
  name: string
  state: string
  messages: number
  hidden: number
  oldest: number
  poison: boolean
  source: string
  poisoned: string
  dead: number
  asked: Asked
}

export interface QueueDetail {
  id: string
  account: string
  name: string
  state: string
  messages: number
  hidden: number
  oldest: number
  poison: boolean
  source: string
  poisoned: string
  dead: number
  asked: Asked
  metadata: MetadataPair[]
  declared: boolean
  created: number
  next: number
}

export interface MetadataPair {
  name: string
  value: string
}

export interface QueueMessage {
  id: string
  place: number
  text: string
  cut: boolean
  encoding: string
  size: number
  inserted: number
  expires: number
  visible: number
  hidden: boolean
  dequeued: number
}

export interface QueueMessages {
  rows: QueueMessage[]
  next: string
  total: number
}

export interface WholeMessage {
  id: string
  place: number
  text: string
  cut: boolean
  encoding: string
  size: number
  inserted: number
  expires: number
  visible: number
  hidden: boolean
  dequeued: number
  stored: string
}

export interface NewMessage {
  text: string
  base64: boolean
  delay: number
  ttl: number
}

export interface NewQueue {
  name: string
  metadata: MetadataPair[]
}

export interface QueueMetadata {
  metadata: MetadataPair[]
}

export interface MoveMessages {
  to: string
  ids: string[]
}

export interface MovedMessages {
  moved: number
  held: number
  gone: number
}

export interface MovingMessages {
  task: string
  of: number
}

export interface StorageTable {
  id: string
  account: string
  name: string
  entities: number
  bytes: number
  declared: boolean
  asked: Asked
}

export interface NewTable {
  name: string
}

export interface EntityPage {
  rows: Entity[]
  next: string
  total: number
  filter: string
  durationMs: number
}

export interface Entity {
  partitionKey: string
  rowKey: string
  timestamp: string
  etag: string
  properties: EntityProperty[]
}

export interface EntityProperty {
  name: string
  type: string
  value: string
  cut?: number
}

export interface EntityChange {
  how: string
  etag: string
  partitionKey: string
  rowKey: string
  properties: EntityProperty[]
}

export interface ImportedEntities {
  written: number
  failed: number
  bad: string[]
}

export interface App {
  id: string
  url: string
  kind: string
  state: string
  worker: string
  since: number
  starts: number
  workers: number
  workersMin: number
  workersMax: number
  instances: number
  error?: string
  build: AppBuild
}

export interface AppBuild {
  state: string
  since: number
  error?: string
  file?: string
  line?: number
  runs: boolean
}

export interface Func {
  id: string
  app: string
  name: string
  place: number
  trigger: string
  target: string
  group?: string
  methods?: string[]
  level?: string
  inputs?: FuncOutput[]
  outputs: FuncOutput[]
  state: string
  listener: string
  error?: string
  disabled: boolean
  runs: number
  items: number
  documents: number
  failures: number
  total: number
  failed: number
  meanMs: number
  running: number
  recent: number
  recentFailed: number
  lastAt: number
  spark: number[]
  sparkFailed: number[]
  backlog: number
  backlogKnown: boolean
  scaleTarget: number
  instances: number
  scaleWhy?: string
  breaker?: FuncBreaker
  deadLetters?: FuncDeadLetters
}

export interface FuncOutput {
  type: string
  target: string
}

export interface FuncBreaker {
  state: string
  since: number
  until: number
  failures: number
  probes: number
  error?: string
}

export interface FuncDeadLetters {
  place: string
  kept: number
  error?: string
}

export interface FuncPast {
  from: number
  step: number
  runs: number[]
  failed: number[]
  total: number
  bad: number
  items: number
  p50: number
  p95: number
  groups: number
}

export interface FailureGroup {
  id: string
  type: string
  message: string
  frame: string
  count: number
  total: number
  first: number
  last: number
  sample: string
  spark: number[]
}

export interface RunRow {
  id: string
  at: number
  state: string
  durationMs: number
  items: number
  sent: number
  status: number
  retry: number
  message: string
  type: string
  group: string
}

export interface RunPage {
  rows: RunRow[]
  total: number
  next: string
  oldest: number
}

export interface Run {
  id: string
  at: number
  state: string
  durationMs: number
  items: number
  sent: number
  status: number
  retry: number
  message: string
  type: string
  group: string
  reason: string
  details: string
  trace: string
  outputsMs: number
  frame: string
  stack: string
  printed: boolean
  frames: StackFrame[]
  answer: string
  logs: LogLine[]
  logsLost: number
  input: RunInput | null
  gone: boolean
  same: FailureGroup | null
}

export interface RunInput {
  text: string
  batch: boolean
  http: boolean
  cut: boolean
}

export interface RunOrder {
  method: string
  path: string
  query: Record<string, string[]>
  headers: Record<string, string[]>
  body: string | null
  base64: boolean
  noKey: boolean
  input: string
  batch: boolean
}

export interface RunOutcome {
  id: string
  ok: boolean
  status: number
  headers: RunHeader[]
  body: string
  base64: boolean
  cut: boolean
  bytes: number
  durationMs: number
  error: string
  errorType: string
  stack: string
  frames: StackFrame[]
  logs: LogLine[]
}

export interface RunHeader {
  name: string
  value: string
}

export interface AppScale {
  instances: number
  plan: string
  limit: number
  workers: number
  why: string
  groups: AppScaleGroup[]
  past: AppScalePoint[]
  crews: AppCrew[]
  processes: AppProcess[]
}

export interface AppScaleGroup {
  group: string
  instances: number
  why: string
}

export interface AppScalePoint {
  at: number
  workers: number
  instances: number
  backlog: Record<string, number>
}

export interface AppCrew {
  group: string
  functions: string[]
  workers: number
  why: string
}

export interface AppProcess {
  number: number
  group: string
  language: string
  state: string
  since: number
  pid: number
  invocations: number
  memory: number
  starts: number
  trouble: string
}

export interface DeadLetter {
  id: string
  time: number
  type?: string
  error: string
  stack?: string
  attempts: number
  redrives: number
  source: string
  item: string
  at: number
  body: string
  size: number
  binary: boolean
  foreign: boolean
  properties?: unknown
}

export interface DeadLetterList {
  place: string
  rows: DeadLetter[]
  more: boolean
}

export interface KeyPlace {
  place: string
  names: string[]
}

export interface KeyList {
  off: boolean
  level: string
  url: string
  places: KeyPlace[]
}

export interface StackFrame {
  name: string
  file?: string
  line?: string
  runtime?: boolean
  source?: string
}

export interface LogLine {
  at: string
  level: string
  message: string
}

export interface JobEnd {
  name: string
  kind: 'hub' | 'container' | 'function' | 'dataset' | 'file'
  target: string
  group?: string
  reference?: boolean
}

export interface Job {
  id: string
  state: 'starting' | 'running' | 'degraded' | 'stopping' | 'stopped' | 'failed'
  in: number
  out: number
  delayMs: number
  backlog: number
  late: boolean
  failed?: string
  warnings: number
  inputs: JobInput[]
  outputs: JobOutput[]
}

export interface JobInput {
  name: string
  kind: 'hub' | 'container' | 'function' | 'dataset' | 'file'
  target: string
  group?: string
  reference?: boolean
  in: number
  lag: number
}

export interface JobOutput {
  name: string
  kind: 'hub' | 'container' | 'function' | 'dataset' | 'file'
  target: string
  group?: string
  reference?: boolean
  out: number
}

export interface JobDetail {
  name: string
  state: 'starting' | 'running' | 'degraded' | 'stopping' | 'stopped' | 'failed'
  since: number
  start: string
  startedAt: number
  lanes: number
  inputs: JobInputDetail[]
  outputs: JobOutputDetail[]
  in: number
  out: number
  delayMs: number
  backlog: number
  late: boolean
  counts: Record<string, number>
  checkpoints: number
  checkpointAt: number
  stateBytes: number
  heldRows: number
  functions: string[]
  lastError?: string
  dataErrors?: JobDataErrors[]
  blocked?: Record<string, string>
  failed?: string
  warnings: JobWarning[]
}

export interface JobInputDetail {
  name: string
  kind: 'hub' | 'container' | 'function' | 'dataset' | 'file'
  target: string
  group?: string
  reference?: boolean
  in: number
  lag: number
  late: boolean
  counts?: Record<string, number>
  partitions?: JobPartition[]
}

export interface JobOutputDetail {
  name: string
  kind: 'hub' | 'container' | 'function' | 'dataset' | 'file'
  target: string
  group?: string
  reference?: boolean
  out: number
  counts: Record<string, number>
  blocked?: string
  since?: number
}

export interface JobPartition {
  id: number
  next: number
  lag: number
  late: boolean
  delayMs: number
}

export interface JobWarning {
  kind: string
  input: string
  events: number
  offsetHours: number
  example: string
  at: number
  text: string
}

export interface JobDataErrors {
  kind: string
  input: string
  events: number
  last: string
}

export interface JobText {
  name: string
  query: string
  explain: string
  parallel: boolean
  lanesText: string
  inputs: JobEnd[]
  outputs: JobEnd[]
  diagram: PlanDiagram
}

export interface JobQueryFile {
  file: string
  text: string
  etag: string
}

export interface JobQuerySave {
  text: string
  start: string
}

export interface JobQueryCheck {
  problems: ProblemBody[]
  explain: string
  lanesText: string
  same: boolean
}

export interface JobQueryTest {
  tookMs: number
  inputs: JobTestInput[]
  outputs: JobTestOutput[]
  counts: Record<string, number>
  dataErrors: JobDataErrors[]
  notes: JobTestNote[]
}

export interface JobTestInput {
  name: string
  events: JobTestEvent[]
}

export interface JobTestEvent {
  id: string
  partition: number
  sequence: number
  at: number
  key: string
  body: string
  cut: boolean
}

export interface JobTestOutput {
  name: string
  all: number
  rows: JobTestRow[]
}

export interface JobTestRow {
  id: string
  at: number
  key: string
  json: string
}

export interface JobTestNote {
  kind: 'newest' | 'empty' | 'late' | 'lateDropped' | 'early' | 'outOfOrder' | 'outOfOrderDropped' | 'ends'
  count: number
  ms: number
}

export interface PlanDiagram {
  nodes: PlanNode[]
  edges: PlanEdge[]
}

export interface PlanNode {
  id: string
  kind: string
  label: string
  detail: string
  step: string
}

export interface PlanEdge {
  from: string
  to: string
}

export interface Picture {
  nodes: PictureNode[]
  edges: PictureEdge[]
  things: number
  backlog: number
  late: boolean
  out: number
}

export interface PictureNode {
  id: string
  kind: string
  of?: string
  name: string
  account?: string
  group?: string
  state: string
  rate: number
  lag?: number
  count?: number
  members?: number
  failing?: number
  note?: string
  key?: string
}

export interface PictureEdge {
  from: string
  to: string
  rate: number
  feed?: boolean
}

export interface ConnectAbout {
  kind: string
  id: string
  facts: ConnectFact[]
  snippets: ConnectSnippet[]
}

export interface ConnectFact {
  name: string
  value: string
  keyed?: boolean
}

export interface ConnectAsk {
  kind: string
  id: string
  how?: string
}

export interface ConnectKey {
  secret: string
}

export interface ConnectTested {
  ok: boolean
  ms: number
  target: string
  count: number
  error?: string
}

export interface ConnectSnippet {
  id: string
  name: string
  language: string
  install: string
  run: string
  code: string
}

export interface GatewayApi {
  id: string
  gateway: string
  name: string
  title: string
  path: string
  state: string
  calls: number
  refused: number
  failed: number
  changes: number
}

export interface GatewayRate {
  calls: number
  refused: number
  failed: number
}

export interface GatewayApiDetail {
  id: string
  gateway: string
  name: string
  title: string
  path: string
  state: string
  calls: number
  refused: number
  failed: number
  changes: number
  from: number
  counts: GatewayCount[]
  failures: GatewayFailure[]
}

export interface GatewayCount {
  ok: number
  refused: number
  failed: number
}

export interface GatewayFailure {
  id: string
  time: number
  api: string
  operation: string
  subscription: string
  method: string
  path: string
  status: number
  source: string
  reason: string
  message: string
  section: string
}

export interface GatewayList {
  gateways: Gateway[]
}

export interface Gateway {
  name: string
  url: string
  hosts: string[]
  subscriptions: GatewaySubscription[]
  products: string[]
}

export interface GatewaySubscription {
  name: string
  title: string
  product: string
  api: string
  state: string
  primary: string
  secondary: string
}

export interface GatewayApiAbout {
  name: string
  revision: string
  revisions: number
  version: string
  backend: string
  keyed: boolean
  keyHeader: string
  policy: boolean
  products: string[]
  operations: GatewayOperation[]
}

export interface GatewayOperation {
  name: string
  title: string
  method: string
  url: string
  policy: boolean
}

export interface GatewayPolicy {
  text: string
  file: string
  key: string
  above: GatewayPolicyAbove[]
}

export interface GatewayPolicyAbove {
  scope: string
  text: string
}

export interface GatewayPolicyText {
  text: string
  was: string
}

export interface GatewayPolicyCheck {
  problems: ProblemBody[]
}

export interface GatewayCall {
  method: string
  path: string
  headers: GatewayPair[]
  body: string
  subscription: string
}

export interface GatewayPair {
  name: string
  value: string
}

export interface GatewayOutcome {
  status: number
  ms: number
  headers: GatewayPair[]
  body: string
  base64: boolean
  bytes: number
  cut: boolean
  steps: GatewayStep[]
}

export interface GatewayStep {
  section: string
  source: string
  scope: string
  line: number
  at: number
  changes: GatewayPair[]
}

export interface GatewayKey {
  secret: string
}

export interface ResourceRow {
  id: string
  name: string
  type: string
  kind: string
  group: string
  location: string
  state: string
  tags: Record<string, string>
}

export interface ResourceAbout {
  id: string
  name: string
  type: string
  kind: string
  group: string
  location: string
  state: string
  tags: Record<string, string>
  json: string
  inner: ResourceInner[]
  access: ResourceHeld[]
  activity: ResourceEvent[]
  fixed: string
}

export interface ResourceInner {
  id: string
  name: string
  type: string
}

export interface ResourceHeld {
  principal: string
  kind: string
  role: string
  scope: string
  inherited: boolean
  from: string
}

export interface ResourceEvent {
  time: number
  caller: string
  operation: string
  id: string
  status: number
  code: string
  message: string
  took: number
  key: string
}

export interface ResourceActivity {
  events: ResourceEvent[]
}

export interface ResourceRemoved {
  id: string
}

export interface LogEntry {
  id: string
  t: number
  level: string
  source: string
  text: string
  more?: number
  cut?: number
  run?: string
  fields?: string[][]
}

export interface LogPage {
  lines: LogEntry[]
  next: string
  newest: string
}

export interface LogTail {
  lines: LogEntry[]
  left: number
}

export interface LogAround {
  line: LogEntry
  lines: LogEntry[]
}

export interface LogCounts {
  from: number
  step: number
  levels: Record<string, number[]>
  sources: Record<string, number>
  lines: number
}

export interface InsightsList {
  components: InsightsComponent[]
}

export interface InsightsComponent {
  name: string
  appId: string
}

export interface TelemetryPage {
  rows: Telemetry[]
  next: string
}

export interface Telemetry {
  id: string
  t: number
  kind: string
  title: string
  text: string
  bad: boolean
  code: string
  duration: number | null
  severity: number | null
  target: string
  sort: string
  role: string
  instance: string
  operation: string
  parent: string
  span: string
  component: string
  causedBy?: string[]
}

export interface TelemetryCounts {
  from: number
  step: number
  good: number[]
  bad: number[]
  kinds: Record<string, number>
  roles: TelemetryValue[]
  rows: number
}

export interface TelemetryValue {
  value: string
  count: number
  bad: number
}

export interface TelemetryValues {
  values: TelemetryValue[]
}

export interface Operation {
  id: string
  rows: Telemetry[]
  more: boolean
}

export interface TelemetryItem {
  id: string
  t: number
  kind: string
  title: string
  text: string
  bad: boolean
  code: string
  duration: number | null
  severity: number | null
  target: string
  sort: string
  role: string
  instance: string
  operation: string
  parent: string
  span: string
  component: string
  causedBy?: string[]
  fields: TelemetryPair[]
  properties: TelemetryPair[]
  numbers: TelemetryPair[]
  causes: TelemetryCause[]
  links: string[]
}

export interface TelemetryPair {
  name: string
  value: string
}

export interface TelemetryCause {
  type: string
  message: string
  stack: string
}

export interface FailureRanking {
  rows: FailureRank[]
  names: number
  all: number
  bad: number
}

export interface FailureRank {
  name: string
  text: string
  sort: string
  all: number
  bad: number
  last: number
}

export interface TimingRanking {
  rows: TimingRank[]
  names: number
}

export interface TimingRank {
  name: string
  text: string
  sort: string
  all: number
  bad: number
  p50: number | null
  p95: number | null
  p99: number | null
  max: number | null
  total: number | null
}

export interface Durations {
  buckets: DurationBucket[]
  from: number
  step: number
  counts: number[]
  p50: (number | null)[]
  p95: (number | null)[]
}

export interface DurationBucket {
  from: number
  to: number
  count: number
  bad: number
}

export interface TelemetryMap {
  nodes: MapNode[]
  calls: MapCall[]
  rest: number
}

export interface MapNode {
  id: string
  role: boolean
  name: string
  sort: string
  all: number
  bad: number
  p95: number | null
}

export interface MapCall {
  from: string
  to: string
  all: number
  bad: number
  p95: number | null
}

export interface LiveAsk {
  component: string
  all: boolean
}

export interface LiveSecond {
  t: number
  servers: LiveServer[]
  more: number
  samples: LiveSample[]
  lost: number
}

export interface LiveServer {
  id: string
  role: string
  name: string
  version: string
  values: LiveValues | null
}

export interface LiveValues {
  requests: number
  requestsFailed: number
  requestMs: number | null
  dependencies: number
  dependenciesFailed: number
  dependencyMs: number | null
  exceptions: number
  cpu: number | null
  memory: number | null
}

export interface LiveSample {
  t: number
  server: string
  role: string
  kind: string
  failed: boolean
  title: string
  detail: string
  code: string
  ms: number | null
  operation: string
  properties: LiveDimension[]
}

export interface LiveDimension {
  name: string
  value: string
}

export interface KustoQuery {
  query: string
  component: string
  from: number
  to: number
}

export interface KustoAnswer {
  columns: KustoColumn[]
  rows: unknown[]
  render: KustoRender | null
  partial: string
  scanned: number
  durationMs: number
}

export interface KustoColumn {
  name: string
  kind: string
}

export interface KustoRender {
  kind: string
  properties: Record<string, string>
}

export interface KustoAsked {
  id: string
  time: string
  query: string
  rows: number
  durationMs: number
  error: string
  times: number
}

export interface KustoAskedList {
  queries: KustoAsked[]
}

export interface KustoChecked {
  problems: ProblemBody[]
}

export interface KustoSchema {
  tables: KustoTable[]
}

export interface KustoTable {
  name: string
  columns: KustoColumn[]
}

export interface Board {
  name: string
  title: Record<string, string>
  subtitle?: Record<string, string>
  datasets: Record<string, DatasetSpec>
  tiles: TileSpec[]
  names?: Record<string, Record<string, string>>
}

export interface DatasetSpec {
  container?: string
  push?: boolean
  time?: string
  clock?: string
  stale?: number
}

export interface TileSpec {
  type: 'number' | 'gauge' | 'line' | 'bar' | 'map' | 'table' | 'alarms'
  title: Record<string, string>
  dataset: string
  w: number
  h: number
  x?: number
  y?: number
  where?: Record<string, unknown>
  window?: number
  latest?: string
  value?: string
  per?: string
  scale?: number
  aggregate?: string
  by?: string
  every?: number
  trend?: number
  unit?: string
  decimals?: number
  min?: number
  max?: number
  thresholds?: Threshold[]
  limit?: number
  columns?: Column[]
  key?: string
  label?: string
  lat?: string
  lon?: string
  size?: string
  alarm?: AlarmSpec
  status?: string
  states?: Record<string, string>
  detail?: Column[]
  severity?: string
  message?: Record<string, string>
}

export interface Threshold {
  at: number
  state: 'ok' | 'warn' | 'alarm' | 'off'
  below?: boolean
}

export interface Column {
  field: string
  title: Record<string, string>
  unit?: string
  decimals?: number
}

export interface AlarmSpec {
  dataset: string
  key: string
  window: number
  where?: Record<string, unknown>
}

export interface BoardView {
  t: number
  rev: string
  datasets: Record<string, DatasetView>
  tiles: unknown[]
}

export interface DatasetView {
  rows: number
  total: number
  newest: number
  oldest: number
  age: number
  state: 'reading' | 'empty' | 'fresh' | 'stale' | 'failed'
  error?: string
}

export interface NumberView {
  value: number | null
  state: 'ok' | 'warn' | 'alarm' | 'off'
  trend: (number | null)[]
}

export interface LineView {
  t: number[]
  step?: number
  series: SeriesView[]
  left: number
}

export interface SeriesView {
  name: string
  none?: boolean
  unit?: string
  v: (number | null)[]
}

export interface BarView {
  bars: Bar[]
  left: number
}

export interface Bar {
  name: string
  none?: boolean
  value: number
  state: 'ok' | 'warn' | 'alarm' | 'off'
}

export interface MapView {
  sites: Site[]
}

export interface Site {
  key: string
  label: string
  lat: number
  lon: number
  value: number | null
  size?: number
  state: 'ok' | 'warn' | 'alarm' | 'off'
  at: number
}

export interface TableView {
  rows: TableRow[]
  since?: number
}

export interface TableRow {
  t: number
  cells: unknown[]
}

export interface AlarmsView {
  alarms: AlarmRow[]
}

export interface AlarmRow {
  t: number
  key: string
  label: string
  severity: string
  message: Record<string, string>
}

export interface BoardProblem {
  file: string
  line?: number
  col?: number
  path?: string
  message: string
  source?: string
  caret?: number
  tile: number
}

export interface BoardPreview {
  definition: Board
  problems: BoardProblem[]
  view: BoardView | null
}

export interface BoardSuggestion {
  kind: 'now' | 'trends' | 'latest' | 'map' | 'groups'
  source: string
  name: string
  title: Record<string, string>
  tiles: number
  text: string
}

export interface BoardSample {
  container?: string
  dataset?: string
  rows: number
  fields: BoardField[]
}

export interface BoardField {
  path: string
  kind: 'number' | 'text' | 'truth' | 'time'
  rows: number
  values: number
  least: number
  most: number
  texts?: string[]
  always?: boolean
}

export interface PushedRows {
  rows: number
  old?: number
  ahead?: number
  undated?: number
  oldest?: string
  window?: string
  unknown?: string
  note?: string
}
