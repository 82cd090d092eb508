export const KEY_MIN = 2_000_000_000;
export const KEY_MAX = 9_999_999_999;
