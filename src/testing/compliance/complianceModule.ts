/** The module file that {@link runtimeCompliance} tests hosts with. */
export const complianceModule: URL = new URL('./module.js', import.meta.url)
