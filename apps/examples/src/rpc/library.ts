// library.ts
export interface Library {
  titles(author: string): Promise<string[]>
}
