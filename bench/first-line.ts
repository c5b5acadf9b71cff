/** The smallest program whose start can be observed. */
console.log('running');
