// The shapes of what the server sends are made from its Go types; the names
// here are short forms of parts of them.
export * from './wire'
import type { Board, JobDetail, NumberView } from './wire'

export type Text = Board['title']
export type State = NumberView['state']
export type JobRun = JobDetail['state']
