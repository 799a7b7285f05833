/**
 * Goes up whenever the same windows may bring another verdict, so that what was kept of a release says which judge it was.
 * A test knows what this one says, and fails where that has changed and this hasn't.
 */
export const judgeVersion = 15;
