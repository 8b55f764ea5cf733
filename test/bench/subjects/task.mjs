export default request => request
