// The pages, in the order of the rail.

import type { PageDef } from '../shell/page'
import connect from './connect'
import dashboards from './dashboards'
import data from './data'
import failures from './failures'
import functions from './functions'
import gateway from './gateway'
import hubs from './hubs'
import jobs from './jobs'
import live from './live'
import logs from './logs'
import map from './map'
import overview from './overview'
import performance from './performance'
import resources from './resources'
import settings from './settings'
import storage from './storage'
import transactions from './transactions'

// prettier-ignore
export const pages: PageDef[] = [
  overview,
  dashboards,
  hubs,
  data,
  storage,
  functions,
  jobs,
  gateway,
  live,
  transactions,
  failures,
  performance,
  map,
  logs,
  resources,
  connect,
  settings,
]
