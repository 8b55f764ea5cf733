declare module 'elkjs/lib/elk-api.js' {
  export { default } from 'elkjs'
}
declare module 'elkjs/lib/elk-worker.min.js'
declare module '*.css'
