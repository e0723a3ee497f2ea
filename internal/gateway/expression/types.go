package expression

import "strings"

// typeName is a type as it is written: List<string>, byte[], int?.
type typeName struct {
	name     string // without its namespace
	args     []typeName
	array    int
	nullable bool
}

func (t typeName) String() string {
	s := t.name
	if len(t.args) > 0 {
		var args []string
		for _, a := range t.args {
			args = append(args, a.String())
		}
		s += "<" + strings.Join(args, ", ") + ">"
	}
	if t.nullable {
		s += "?"
	}
	return s + strings.Repeat("[]", t.array)
}

// keywordTypes are C#'s own words for types.
var keywordTypes = map[string]string{
	"string": "String", "object": "Object", "bool": "Boolean", "char": "Char", "byte": "Byte", "int": "Int32", "uint": "UInt32", "long": "Int64",
	"ulong": "UInt64", "short": "Int16", "ushort": "UInt16", "float": "Single", "double": "Double", "decimal": "Decimal", "void": "Void", "dynamic": "Object",
}

// knownTypes are those that can be written. Of some there are only values.
var knownTypes = setOf(`String Object Boolean Char Byte Int32 UInt32 Int64 Int16 UInt16 UInt64 Single Double Decimal
	Array Convert Math Random BitConverter Exception ArgumentException InvalidOperationException FormatException Nullable
	DateTime DateTimeOffset TimeSpan TimeZoneInfo DateTimeKind DayOfWeek Guid Uri UriPartial StringComparison StringComparer StringSplitOptions StringBuilder Encoding Regex Match Group
	RegexOptions WebUtility HttpUtility Enumerable List Dictionary HashSet IEnumerable IList IDictionary KeyValuePair IReadOnlyDictionary IReadOnlyList
	Func Action HMACSHA1 HMACSHA256 HMACSHA384 HMACSHA512 HMACMD5 SHA1 SHA256 SHA384 SHA512 MD5 Aes
	SHA256Managed SHA512Managed SHA1Managed MD5CryptoServiceProvider
	JObject JArray JToken JProperty JValue JTokenType JsonConvert Formatting NumberStyles CultureInfo
	IResponse IRequest IUrl IMessageBody Jwt BasicAuthCredentials X509Certificate2`)

func setOf(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

// namespaces may stand before a type.
var namespaces = setOf("System Text Net Linq Collections Generic Security Cryptography X509Certificates Newtonsoft Json RegularExpressions Globalization Web Xml")

// plain is the type's own name, of keywords too.
func (t typeName) plain() string {
	if t.array > 0 {
		return "Array"
	}
	if k, ok := keywordTypes[t.name]; ok {
		return k
	}
	return t.name
}
