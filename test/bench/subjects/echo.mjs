/** The module under test, in every host. */
export const call = request => request
