// What each type of tile takes, for the form.
import type { TileSpec } from '../../lib/types'
import type { IconName } from '../../shell/icons'

export type TileType = TileSpec['type']

interface Kind {
  icon: IconName
  fields: readonly FieldName[]
  start: Record<string, unknown> // of a new one
}

export type FieldName =
  | 'value'
  | 'aggregate'
  | 'by'
  | 'latest'
  | 'window'
  | 'every'
  | 'unit'
  | 'decimals'
  | 'min'
  | 'max'
  | 'scale'
  | 'per'
  | 'limit'
  | 'key'
  | 'label'
  | 'lat'
  | 'lon'
  | 'size'
  | 'message'
  | 'severity'
  | 'thresholds'
  | 'columns'
  | 'where'

// prettier-ignore
export const kinds: Record<TileType, Kind> = {
  number: { icon: 'hash', fields: ['aggregate', 'value', 'latest', 'window', 'unit', 'decimals', 'thresholds', 'where', 'per', 'scale'], start: { aggregate: 'count', window: '5m', w: 3, h: 2 } },
  gauge: { icon: 'gauge', fields: ['value', 'aggregate', 'latest', 'window', 'min', 'max', 'unit', 'decimals', 'thresholds', 'where', 'per', 'scale'], start: { window: '5m', w: 3, h: 2 } },
  line: { icon: 'chart-line', fields: ['aggregate', 'value', 'by', 'window', 'every', 'unit', 'decimals', 'limit', 'latest', 'where', 'per', 'scale'], start: { aggregate: 'rate', window: '10m', unit: '/s', w: 6, h: 4 } },
  bar: { icon: 'chart-column', fields: ['by', 'aggregate', 'value', 'latest', 'window', 'unit', 'decimals', 'limit', 'max', 'thresholds', 'where', 'per', 'scale'], start: { aggregate: 'count', window: '5m', w: 4, h: 4 } },
  map: { icon: 'map', fields: ['key', 'label', 'lat', 'lon', 'value', 'size', 'window', 'unit', 'decimals', 'thresholds', 'where'], start: { window: '1h', w: 6, h: 8 } },
  table: { icon: 'table', fields: ['columns', 'latest', 'limit', 'window', 'where'], start: { window: '24h', w: 6, h: 4 } },
  alarms: { icon: 'siren', fields: ['key', 'message', 'severity', 'label', 'limit', 'window', 'where'], start: { window: '24h', w: 4, h: 4 } },
}

export const types = Object.keys(kinds) as TileType[]
export const aggregates = ['last', 'avg', 'sum', 'min', 'max', 'count', 'rate']
