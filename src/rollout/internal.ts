/** Parts of the store that only the library's own command uses. */
export { syncPath } from './store/index.js'
