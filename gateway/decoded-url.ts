/** The address of a request as it is to be masked: an escape before a number would hide where it begins. One that cannot be decoded stays as it is. */
export function decodedUrl(url: string): string {
  try {
    return decodeURIComponent(url);
  } catch {
    return url;
  }
}
