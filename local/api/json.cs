
    /// <summary>Reads and writes JSON. The SDK's own reader loses escapes, large numbers and exponents where the type is object.</summary>
    public static class PartyJson
    {
        /// <summary>Reads a value. Where the type is object, a whole number is a long and any other a double, a list is a List&lt;object&gt; and an object a Dictionary&lt;string, object&gt;. Of own types it fills public fields and properties that can be set. What does not fit the type is a FormatException.</summary>
        public static T Read<T>(string json)
        {
            var at = 0;
            json = json ?? "";
            var value = Value(json, ref at);
            if (Next(json, ref at) != '\0') throw Wrong(at);
            return (T)Fill(typeof(T), value, "the value");
        }

        /// <summary>Writes a value: of own types the public fields and the properties that can be set, without those that are null; of anonymous types all. NaN, more than 64 levels and a type with nothing that can be set are an ArgumentException.</summary>
        public static string Write(object value)
        {
            var text = new StringBuilder();
            Append(text, value, 0);
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
        private static object Fill(Type type, object value, string name)
        {
            var kind = Nullable.GetUnderlyingType(type) ?? type;
            if (value == null ? kind != type || !type.IsValueType : type.IsInstanceOfType(value)) return value;
            var code = kind.IsEnum || kind == typeof(Guid) ? TypeCode.Empty : Type.GetTypeCode(kind);
            var isList = typeof(IList).IsAssignableFrom(kind);
            Exception cause = null;
            try
            {
                if (value is List<object> items && isList)
                {
                    var of = kind.GetElementType() ?? kind.GetGenericArguments()[0];
                    var list = kind.IsArray ? Array.CreateInstance(of, items.Count) : (IList)Activator.CreateInstance(kind);
                    for (var i = 0; i < items.Count; i++)
                    {
                        var item = Fill(of, items[i], name);
                        if (kind.IsArray) list[i] = item;
                        else list.Add(item);
                    }
                    return list;
                }
                if (value is Dictionary<string, object> fields && code == TypeCode.Object && !isList)
                {
                    var made = Activator.CreateInstance(kind);
                    if (made is IDictionary map)
                    {
                        var of = kind.GetGenericArguments();
                        foreach (var field in fields) map.Add(Fill(of[0], field.Key, name), Fill(of[1], field.Value, field.Key));
                        return made;
                    }
                    foreach (var member in Members(kind))
                    {
                        if (!fields.TryGetValue(Name(member), out var part)) continue;
                        if (member is PropertyInfo property) property.SetValue(made, Fill(property.PropertyType, part, Name(member)), null);
                        else ((FieldInfo)member).SetValue(made, Fill(((FieldInfo)member).FieldType, part, Name(member)));
                    }
                    return made;
                }
                if (value is string text)
                {
                    if (kind.IsEnum) return Enum.Parse(kind, text);
                    if (kind == typeof(Guid)) return new Guid(text);
                    if (code == TypeCode.Char) return char.Parse(text);
                    if (code == TypeCode.DateTime) return DateTime.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind);
                }
                if ((value is long || value is double) && code >= TypeCode.SByte && code <= TypeCode.Decimal)
                {
                    var number = value as double? ?? 0;
                    var made = Convert.ChangeType(value, code, CultureInfo.InvariantCulture);
                    if (made is float ? float.IsInfinity((float)made) == double.IsInfinity(number) : made is decimal || number == (long)number) return made;
                }
            }
            catch (Exception error) when (value is string || !(error is FormatException))
            {
                cause = error;
            }
            var got = value is string ? "a text" : value is IDictionary ? "an object" : value is IList ? "a list" : Write(value);
            throw new FormatException(name + ": wanted " + kind.Name + ", got " + got, cause);
        }

        // What is read and written of a type. Properties that cannot be set may lead on without an end, as DateTime.Date
        // does; those of anonymous types cannot be set either.
        private static IEnumerable<MemberInfo> Members(Type type)
        {
            var anonymous = type.IsDefined(typeof(CompilerGeneratedAttribute), false);
            var open = BindingFlags.Instance | BindingFlags.Public;
            var none = type.GetProperties(open).Length > 0;
            foreach (var member in type.GetMembers(open))
            {
                if (member is PropertyInfo property ? !property.CanRead || !property.CanWrite && !anonymous || property.GetIndexParameters().Length > 0 : !(member is FieldInfo)) continue;
                none = false;
                if (!member.IsDefined(typeof(IgnoreDataMemberAttribute), true)) yield return member;
            }
            if (none) throw new ArgumentException(type.Name + " has nothing that can be set");
        }

        private static void Append(StringBuilder text, object value, int depth)
        {
            var before = "";
            if (depth > 64) throw new ArgumentException("the value has more than 64 levels, or holds itself");
            if (value == null) text.Append("null");
            else if (value is bool) text.Append((bool)value ? "true" : "false");
            else if (value is double || value is float)
            {
                var number = Convert.ToDouble(value, CultureInfo.InvariantCulture);
                if (double.IsNaN(number)) throw new ArgumentException("JSON has no NaN");
                if (double.IsInfinity(number)) text.Append(number > 0 ? "1e999" : "-1e999");
                else text.Append(((IFormattable)value).ToString("R", CultureInfo.InvariantCulture));
            }
            else if (value is DateTime) Quote(text, ((DateTime)value).ToString("o", CultureInfo.InvariantCulture));
            else if (value is string || value is char || value is Enum || value is Guid) Quote(text, value.ToString());
            else if (value.GetType().IsPrimitive || value is decimal) text.Append(((IFormattable)value).ToString(null, CultureInfo.InvariantCulture));
            else if (value is IDictionary)
            {
                text.Append('{');
                foreach (DictionaryEntry field in (IDictionary)value)
                {
                    Quote(text.Append(before), Convert.ToString(field.Key, CultureInfo.InvariantCulture));
                    Append(text.Append(':'), field.Value, depth + 1);
                    before = ",";
                }
                text.Append('}');
            }
            else if (value is IEnumerable)
            {
                text.Append('[');
                foreach (var item in (IEnumerable)value)
                {
                    Append(text.Append(before), item, depth + 1);
                    before = ",";
                }
                text.Append(']');
            }
            else
            {
                text.Append('{');
                foreach (var member in Members(value.GetType()))
                {
                    var part = member is PropertyInfo ? ((PropertyInfo)member).GetValue(value, null) : ((FieldInfo)member).GetValue(value);
                    if (part == null) continue;
                    Quote(text.Append(before), Name(member));
                    Append(text.Append(':'), part, depth + 1);
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
