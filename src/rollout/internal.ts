/** Parts of the store that only the library's own command uses. */
export { syncFolder } from './store/index.js'
