/** The HTTP server of an inspector: the page, the WebSocket, and the check of every request. */
export { InspectorServer, type ServerOptions } from './inspectorServer.js'
export { pageFiles } from './pageFiles.js'
export { createWebSocketServer } from './webSocketServer.js'
