import { call, message } from '../../lib/api'
import { t } from '../../lib/i18n'
import { toast } from '../../lib/toast.svelte'
import type { Container, StartedTask } from '../../lib/wire'
import { api } from './container'
import { words } from './words'

// exported starts a task that writes the whole answer to a query to a file;
// without a query all items. The tasks of the rail show it, and its file.
export async function exported(c: Container, query: string, format: 'ndjson' | 'csv', parameters = {}) {
  try {
    await call<StartedTask>('POST', api(c, 'export'), { query, parameters, format })
    toast(t(words.exporting))
  } catch (e) {
    toast(message(e))
  }
}
