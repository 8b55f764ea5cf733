export { FleetStore, type Revision, subscription, type Watch } from './fleetStore.js'
export { beatSubject, fleetName, nodeName } from './names.js'
