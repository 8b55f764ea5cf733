/** Parts of guests that only the library's own remote server uses. */
export { GuestSession } from './session.js'
