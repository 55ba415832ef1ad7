/**
 * Text as a search sees it: without letter case and accents, so that "pao" finds "Pão de Açúcar" and the other
 * way round. Control characters become spaces: nobody searches for them, and a NUL would end the text in SQLite.
 */
export function foldText(text: string): string {
  return (
    text
      .normalize("NFD")
      .replace(/\p{M}+/gu, "")
      // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
      .replace(/[\u0000-\u001f\u007f]/g, " ")
      .toWellFormed()
      .toLowerCase()
  );
}
