// Placeholder until the console and the bundle arrive.
