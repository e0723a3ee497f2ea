// Sentences that the server writes, in Korean: those of scaling, of filters and of
// late events. What is not here is shown as it came. A key is the format that the
// server's code has; {1} and so on is what stands there, in the order of the key.

// A test looks each key up in the server's code, and each message of a filter here.
export const sentences: Record<string, string> = {
  // internal/host/scale
  '%d more asked for': '{1}개 더 필요',
  '%d more asked for, %d at a time': '{1}개 더 필요, 한 번에 {2}개씩 추가',
  '%d more asked for; some were added a moment ago': '{1}개 더 필요하지만 방금 추가해서 잠시 기다림',
  '%d more asked for; the app has at most %d': '{1}개 더 필요하지만 앱은 최대 {2}개',
  'no function asks for more than %d': '{1}개보다 많이 필요한 함수 없음',
  '%d would do; %d go at a time': '{1}개면 충분, 한 번에 {2}개씩 줄임',
  '%d would do; less in %v if that lasts': '{1}개면 충분, 이대로면 {2} 뒤에 줄임',
  'nothing waits; one stays': '기다리는 항목 없음, 하나는 유지',
  'nothing waits; to zero in %v if that lasts': '기다리는 항목 없음, 이대로면 {1} 뒤에 0개로 줄임',
  'nothing has waited for long': '오랫동안 기다린 항목 없음',
  'the plan does not scale by events; people set its instances':
    '이 요금제는 이벤트로 크기를 조정하지 않으며 인스턴스 수는 사람이 정함',
  '%d are always ready': '{1}개는 항상 준비됨',
  'as many as are asked for': '필요한 만큼',
  'nothing waits': '기다리는 항목 없음',
  'its backlog is unknown, so it asks for no change: %s': '백로그를 알 수 없어 바꾸지 않음: {1}',
  '%s; asks for %d for %v longer, because it asked for more a moment ago':
    '{1}. 방금 더 많이 필요했으므로 {3} 동안은 {2}개를 유지',
  '%s: %d, and %d spread %d partitions evenly': '{1}: {2}개, {3}개면 파티션 {4}개가 고르게 나뉨',
  '%s: %d, but no more than %d %s': '{1}: {2}개, 다만 {4} 수인 {3}개까지',
  '%d %s, %d for an instance': '{2} {1}개, 인스턴스당 {3}개',
  // internal/filter
  'a filter is at most %d bytes': '필터는 최대 {1}바이트입니다',
  'a filter has at most %d terms': '필터의 조건은 최대 {1}개입니다',
  "a field's name comes before %s": '{1} 앞에 필드 이름이 있어야 합니다',
  '%s compares with one value': '{1} 뒤에는 값이 하나만 올 수 있습니다',
  'a value is missing here': '여기에 값이 없습니다',
  'the quote is not closed': '따옴표가 닫히지 않았습니다',
  // internal/page/functions
  'there is no field %s; try result, error, duration, items, status, type, frame, retry, reason, id or trace':
    '{1} 필드가 없습니다. result, error, duration, items, status, type, frame, retry, reason, id, trace를 사용하세요',
  'a result is ok, failed or running': '결과는 ok, failed, running 중 하나입니다',
  'a duration is written as 200ms, 1.5s or 2m': '소요 시간은 200ms, 1.5s, 2m처럼 씁니다',
  '%s is a number': '{1}: 숫자여야 합니다',
  // internal/page/hubs
  'there is no field %s; there are key, partition, seq, offset, time, size, body, body.PATH, prop.NAME and sys.NAME. Put quotes around it to look for the text':
    '{1} 필드가 없습니다. key, partition, seq, offset, time, size, body, body.PATH, prop.NAME, sys.NAME이 있습니다. 텍스트를 찾으려면 따옴표로 묶으세요',
  '%q is no time; write 2026-01-31T14:28:00Z, now-15m, or milliseconds since 1970':
    '{1}: 시간이 아닙니다. 2026-01-31T14:28:00Z, now-15m 또는 1970년부터의 밀리초로 쓰세요',
  '%q is not a whole number': '{1}: 정수가 아닙니다',
  'name the partitions in one term: partition:3,5': '파티션은 한 조건에 함께 쓰세요: partition:3,5',
  // internal/page/insights
  'telemetry has no field %q; there are %s and prop.NAME': '원격 분석에 {1} 필드가 없습니다. {2}, prop.NAME이 있습니다',
  '%q is no type; there are%s': '{1}: 그런 종류가 없습니다. {2} 중에서 고르세요',
  '%q is no result; there are ok and failed': '{1}: 그런 결과가 없습니다. ok와 failed가 있습니다',
  '%s is one of some, and not more or less than others': '{1}: 크기를 비교할 수 없는 값입니다',
  '%q is no severity; there are %s': '{1}: 그런 심각도가 없습니다. {2} 중에서 고르세요',
  '%q is no duration; write 250 for milliseconds, or 1.5s':
    '{1}: 소요 시간이 아닙니다. 밀리초는 250, 초는 1.5s처럼 쓰세요',
  '%q is no number': '{1}: 숫자가 아닙니다',
  // internal/page/logs
  'lines have no field %q; there are level, source, app, function, job, run, text and attr.NAME':
    '로그에 {1} 필드가 없습니다. level, source, app, function, job, run, text, attr.NAME이 있습니다',
  '%q is no level; there are debug, info, warn and error':
    '{1}: 그런 수준이 없습니다. debug, info, warn, error가 있습니다',
  // internal/page/jobs
  "%d events came more than %v after the time that they carry and %s: raise 'late' of the job in lazuli.yaml, or have the senders send sooner":
    "이벤트 {1}개가 자신의 시간보다 {2} 넘게 늦게 와서 {3}: lazuli.yaml에서 작업의 'late'를 늘리거나 더 일찍 보내게 하세요",
  "%d events carry a time more than %v ahead of their arrival and were dropped: set the senders' clocks":
    '이벤트 {1}개의 시간이 도착보다 {2} 넘게 앞서 버려졌습니다. 보내는 쪽의 시계를 맞추세요',
  '%d events or rows were left out; the last: %s. The tab Errors counts them by their reason':
    '이벤트 또는 행 {1}개가 제외되었습니다. 마지막 이유: {2}. 오류 탭에서 이유별로 볼 수 있습니다',
}

// What stands in a sentence and is a word itself.
const nouns: Record<string, string> = {
  events: '이벤트',
  changes: '변경',
  requests: '요청',
  blobs: '블롭',
  messages: '메시지',
  leases: '임대',
  partitions: '파티션',
  'got another time': '다른 시간을 받았습니다',
  'were dropped': '버려졌습니다',
}

const escaped = (s: string) => s.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
const values: Record<string, string> = {
  '%d': '(-?\\d+)',
  '%q': '("(?:[^"\\\\]|\\\\.)*")',
  '%s': '(.+?)',
  '%v': '(\\S+)',
}
const pattern = (format: string) =>
  new RegExp(
    '^' +
      format
        .split(/(%[dsvq])/)
        .map((part) => values[part] ?? escaped(part))
        .join('') +
      '$',
    's',
  )

const table = Object.entries(sentences).map(([format, korean]) => ({ format: pattern(format), korean }))

// inKorean is a sentence of the server's in Korean, or as it came.
export function inKorean(text: string): string {
  if (nouns[text]) return nouns[text]
  for (const { format, korean } of table) {
    const found = format.exec(text)
    if (found) return korean.replace(/\{(\d)\}/g, (_, n) => inKorean(found[n].trim()))
  }
  return text
}
