
    /// <summary>Reads and writes JSON. The SDK's own reader loses escapes, large numbers and exponents where the type is object.</summary>
    public static class PartyJson
    {
        /// <summary>Reads a value. Where the type is object, a whole number is a long and any other a double, a list is a List&lt;object&gt; and an object a Dictionary&lt;string, object&gt;.</summary>
        public static T Read<T>(string json)
        {
            var at = 0;
            var value = Value(json, ref at);
            if (Next(json, ref at) != '\0') throw Wrong(at);
            return (T)Fill(typeof(T), value);
        }

        /// <summary>Writes a value. It leaves out properties and fields that are null.</summary>
        public static string Write(object value)
        {
            var text = new StringBuilder();
            Append(text, value);
            return text.ToString();
        }

        private static FormatException Wrong(int at)
        {
            return new FormatException("not JSON at character " + at.ToString(CultureInfo.InvariantCulture));
        }

        // Skips white space and returns what follows, a zero at the end.
        private static char Next(string json, ref int at)
        {
            while (at < json.Length && " \t\r\n".IndexOf(json[at]) >= 0) at++;
            return at < json.Length ? json[at] : '\0';
        }

        private static object Value(string json, ref int at)
        {
            switch (Next(json, ref at))
            {
                case '"':
                    return Text(json, ref at);
                case '{':
                    var fields = new Dictionary<string, object>();
                    for (var first = true; More(json, ref at, first, '}'); first = false)
                    {
                        Next(json, ref at);
                        var name = Text(json, ref at);
                        if (Next(json, ref at) != ':') throw Wrong(at);
                        at++;
                        fields[name] = Value(json, ref at);
                    }
                    return fields;
                case '[':
                    var items = new List<object>();
                    for (var first = true; More(json, ref at, first, ']'); first = false) items.Add(Value(json, ref at));
                    return items;
            }
            var start = at;
            while (at < json.Length && ",]} \t\r\n".IndexOf(json[at]) < 0) at++;
            var word = json.Substring(start, at - start);
            if (word == "null") return null;
            if (word == "true" || word == "false") return word == "true";
            if (long.TryParse(word, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)) return whole;
            if (!Regex.IsMatch(word, @"^-?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?$")) throw Wrong(start);
            if (double.TryParse(word, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)) return number;
            return word[0] == '-' ? double.NegativeInfinity : double.PositiveInfinity; // too large
        }

        // Passes the bracket or the comma before an item, or the bracket after the last.
        private static bool More(string json, ref int at, bool first, char end)
        {
            if (first) at++;
            var next = Next(json, ref at);
            if (first && next != end) return true;
            if (next != end && next != ',') throw Wrong(at);
            at++;
            return next == ',';
        }

        private static string Text(string json, ref int at)
        {
            var text = new StringBuilder();
            if (Next(json, ref at) != '"') throw Wrong(at);
            for (at++; at < json.Length && json[at] != '"'; at++)
            {
                if (json[at] != '\\')
                {
                    text.Append(json[at]);
                    continue;
                }
                at++;
                var escape = at < json.Length ? "\"\\/bfnrtu".IndexOf(json[at]) : -1;
                if (escape < 0) throw Wrong(at);
                if (json[at] != 'u')
                {
                    text.Append("\"\\/\b\f\n\r\t"[escape]);
                    continue;
                }
                if (at + 4 >= json.Length || !ushort.TryParse(json.Substring(at + 1, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var code)) throw Wrong(at);
                text.Append((char)code);
                at += 4;
            }
            if (at == json.Length) throw Wrong(at);
            at++;
            return text.ToString();
        }

        // Gives a value that was read the type that is asked for.
        private static object Fill(Type type, object value)
        {
            if (value == null || type.IsInstanceOfType(value)) return value;
            if (value is List<object> items)
            {
                var list = (IList)Activator.CreateInstance(type);
                foreach (var item in items) list.Add(Fill(type.GetGenericArguments()[0], item));
                return list;
            }
            if (value is Dictionary<string, object> fields)
            {
                var made = Activator.CreateInstance(type);
                if (made is IDictionary map)
                {
                    foreach (var field in fields) map.Add(field.Key, Fill(type.GetGenericArguments()[1], field.Value));
                    return made;
                }
                foreach (var property in type.GetProperties())
                {
                    if (fields.TryGetValue(Name(property), out var part) && part != null) property.SetValue(made, Fill(property.PropertyType, part), null);
                }
                return made;
            }
            return Convert.ChangeType(value, Nullable.GetUnderlyingType(type) ?? type, CultureInfo.InvariantCulture);
        }

        private static void Append(StringBuilder text, object value)
        {
            var before = "";
            if (value == null) text.Append("null");
            else if (value is bool) text.Append((bool)value ? "true" : "false");
            else if (value is double && double.IsInfinity((double)value)) text.Append((double)value > 0 ? "1e999" : "-1e999");
            else if (value is string || value is char || value is Enum) Quote(text, value.ToString());
            else if (value.GetType().IsPrimitive || value is decimal)
            {
                text.Append(((IFormattable)value).ToString(value is double || value is float ? "R" : null, CultureInfo.InvariantCulture));
            }
            else if (value is IDictionary)
            {
                text.Append('{');
                foreach (DictionaryEntry field in (IDictionary)value)
                {
                    Quote(text.Append(before), Convert.ToString(field.Key, CultureInfo.InvariantCulture));
                    Append(text.Append(':'), field.Value);
                    before = ",";
                }
                text.Append('}');
            }
            else if (value is IEnumerable)
            {
                text.Append('[');
                foreach (var item in (IEnumerable)value)
                {
                    Append(text.Append(before), item);
                    before = ",";
                }
                text.Append(']');
            }
            else
            {
                text.Append('{');
                foreach (var member in value.GetType().GetMembers(BindingFlags.Instance | BindingFlags.Public))
                {
                    var part = member is PropertyInfo ? ((PropertyInfo)member).GetValue(value, null) : (member as FieldInfo)?.GetValue(value);
                    if (part == null || member.IsDefined(typeof(IgnoreDataMemberAttribute), true)) continue;
                    Quote(text.Append(before), Name(member));
                    Append(text.Append(':'), part);
                    before = ",";
                }
                text.Append('}');
            }
        }

        private static void Quote(StringBuilder text, string value)
        {
            text.Append('"');
            foreach (var c in value)
            {
                var escape = "\"\\\b\f\n\r\t".IndexOf(c);
                if (escape >= 0) text.Append('\\').Append("\"\\bfnrt"[escape]);
                else if (c < ' ') text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                else text.Append(c);
            }
            text.Append('"');
        }

        private static string Name(MemberInfo member)
        {
            var named = (DataMemberAttribute)Attribute.GetCustomAttribute(member, typeof(DataMemberAttribute), true);
            return string.IsNullOrEmpty(named?.Name) ? member.Name : named.Name;
        }
    }
