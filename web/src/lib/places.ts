// Where hubs and containers are: names as the server gives them, with the
// namespace or account in front only where it is not the usual one, and the
// addresses that they have.
import { link } from './router.svelte'

// usual is the namespace and the account that localhost means.
export const usual = 'default'

// within is a name for people, among those of all namespaces or accounts.
export const within = (account: string, name: string) => (account === usual ? name : `${account}/${name}`)

// hubSteps are the steps of a hub's address: HUB is in the usual namespace.
export const hubSteps = (name: string): string[] => (name.includes('/') ? name.split('/') : [usual, name])

// containerSteps are those of a container's: DATABASE/CONTAINER is in the usual account.
export function containerSteps(name: string): string[] {
  const steps = name.split('/')
  return steps.length > 2 ? steps : [usual, ...steps]
}

export const hubHome = (name: string) => link('hubs', ...hubSteps(name))
export const containerHome = (name: string) => link('data', ...containerSteps(name))

// usualStorage is the storage account that localhost means.
const usualStorage = 'devstoreaccount1'

// storedHome is where a queue, a container of blobs or a table is: NAME in the usual
// account, or ACCOUNT/NAME.
export function storedHome(view: 'blobs' | 'queues' | 'tables', name: string): string {
  const [account, own] = name.includes('/') ? name.split('/') : [usualStorage, name]
  return link('storage', account!, view, own!)
}
