#include "cli/html_entity.h"

#include "graders/text.h"

enum { NAME_MOST = 10, DIGITS_MOST = 8 };

static const struct {
	const char *name, *text;
} names[] = {
	{ "amp", "&" },	   { "lt", "<" },     { "gt", ">" },
	{ "quot", "\"" },  { "apos", "'" },   { "nbsp", " " },
	{ "thinsp", " " }, { "ensp", " " },   { "emsp", " " },
	{ "shy", "" },	   { "zwj", "" },     { "zwnj", "" },
	{ "ndash", "–" },  { "mdash", "—" },  { "hellip", "…" },
	{ "lsquo", "‘" },  { "rsquo", "’" },  { "ldquo", "“" },
	{ "rdquo", "”" },  { "sbquo", "‚" },  { "bdquo", "„" },
	{ "laquo", "«" },  { "raquo", "»" },  { "bull", "•" },
	{ "middot", "·" }, { "deg", "°" },    { "times", "×" },
	{ "divide", "÷" }, { "minus", "−" },  { "plusmn", "±" },
	{ "le", "≤" },	   { "ge", "≥" },     { "ne", "≠" },
	{ "asymp", "≈" },  { "equiv", "≡" },  { "infin", "∞" },
	{ "radic", "√" },  { "sum", "∑" },    { "prod", "∏" },
	{ "int", "∫" },	   { "part", "∂" },   { "nabla", "∇" },
	{ "prop", "∝" },   { "perp", "⊥" },   { "ang", "∠" },
	{ "and", "∧" },	   { "or", "∨" },     { "not", "¬" },
	{ "cap", "∩" },	   { "cup", "∪" },    { "isin", "∈" },
	{ "notin", "∉" },  { "sub", "⊂" },    { "sube", "⊆" },
	{ "empty", "∅" },  { "forall", "∀" }, { "exist", "∃" },
	{ "rarr", "→" },   { "larr", "←" },   { "harr", "↔" },
	{ "rArr", "⇒" },   { "hArr", "⇔" },   { "uarr", "↑" },
	{ "darr", "↓" },   { "sup1", "¹" },   { "sup2", "²" },
	{ "sup3", "³" },   { "frac12", "½" }, { "frac14", "¼" },
	{ "frac34", "¾" }, { "permil", "‰" }, { "prime", "′" },
	{ "Prime", "″" },  { "micro", "µ" },  { "euro", "€" },
	{ "pound", "£" },  { "cent", "¢" },   { "yen", "¥" },
	{ "sect", "§" },   { "para", "¶" },   { "copy", "©" },
	{ "reg", "®" },	   { "trade", "™" },  { "iquest", "¿" },
	{ "iexcl", "¡" },  { "alpha", "α" },  { "beta", "β" },
	{ "gamma", "γ" },  { "delta", "δ" },  { "epsilon", "ε" },
	{ "zeta", "ζ" },   { "eta", "η" },    { "theta", "θ" },
	{ "iota", "ι" },   { "kappa", "κ" },  { "lambda", "λ" },
	{ "mu", "μ" },	   { "nu", "ν" },     { "xi", "ξ" },
	{ "pi", "π" },	   { "rho", "ρ" },    { "sigma", "σ" },
	{ "tau", "τ" },	   { "phi", "φ" },    { "chi", "χ" },
	{ "psi", "ψ" },	   { "omega", "ω" },  { "Gamma", "Γ" },
	{ "Delta", "Δ" },  { "Theta", "Θ" },  { "Lambda", "Λ" },
	{ "Pi", "Π" },	   { "Sigma", "Σ" },  { "Phi", "Φ" },
	{ "Psi", "Ψ" },	   { "Omega", "Ω" },  { "Auml", "Ä" },
	{ "auml", "ä" },   { "Ouml", "Ö" },   { "ouml", "ö" },
	{ "Uuml", "Ü" },   { "uuml", "ü" },   { "szlig", "ß" },
	{ "agrave", "à" }, { "aacute", "á" }, { "acirc", "â" },
	{ "atilde", "ã" }, { "aring", "å" },  { "aelig", "æ" },
	{ "ccedil", "ç" }, { "egrave", "è" }, { "eacute", "é" },
	{ "ecirc", "ê" },  { "euml", "ë" },   { "igrave", "ì" },
	{ "iacute", "í" }, { "icirc", "î" },  { "iuml", "ï" },
	{ "ntilde", "ñ" }, { "ograve", "ò" }, { "oacute", "ó" },
	{ "ocirc", "ô" },  { "otilde", "õ" }, { "oslash", "ø" },
	{ "oelig", "œ" },  { "ugrave", "ù" }, { "uacute", "ú" },
	{ "ucirc", "û" },  { "Agrave", "À" }, { "Aacute", "Á" },
	{ "Ccedil", "Ç" }, { "Egrave", "È" }, { "Eacute", "É" },
	{ "Ntilde", "Ñ" }, { "Oslash", "Ø" }, { "Aring", "Å" },
};

static struct str plain(struct str s, size_t *used)
{
	*used = 1;
	return str_cut(s, 0, 1);
}

/* &#123; and &#x1f; */
static struct str by_number(struct str s, char out[8], size_t *used)
{
	bool hex = s.n > 2 && (s.p[2] == 'x' || s.p[2] == 'X');
	size_t from = hex ? 3 : 2, at = from;
	int32_t c = 0, base = hex ? 16 : 10;

	for (; at < s.n && at < from + DIGITS_MOST; at++) {
		int d = str_hex_digit(s.p[at]);

		if (d < 0 || d >= base)
			break;
		if (c <= 0x10ffff)
			c = c * base + d;
	}
	if (at == from)
		return plain(s, used);
	*used = at + (at < s.n && s.p[at] == ';');
	if (c == 0xa0)
		c = ' ';
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		c = 0xfffd;
	return (struct str){ out, text_put(out, c) };
}

struct str html_entity(struct str s, char out[8], size_t *used)
{
	size_t n = 1;

	if (s.n > 1 && s.p[1] == '#')
		return by_number(s, out, used);
	while (n < s.n && n < NAME_MOST && s.p[n] != ';')
		n++;
	if (n >= s.n || s.p[n] != ';')
		return plain(s, used);
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (str_is(str_cut(s, 1, n), names[i].name)) {
			*used = n + 1;
			return str_of(names[i].text);
		}
	return plain(s, used);
}
