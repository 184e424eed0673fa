export const three = 'three'
