/** Version of this library, as in package.json; a test compares the two. */
export const LIBRARY_VERSION = '0.1.0'
