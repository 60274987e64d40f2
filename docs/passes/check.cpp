// Checks the signature of a pass with OpenSSL: g++ -std=c++17 check.cpp -lcrypto
// Reads lines "expected kid x pass" and compares; parse the body it returns with your JSON library,
// and compare match_id with your match and exp with the time.
#include <openssl/evp.h>
#include <iostream>
#include <optional>
#include <string>

// decode reads base64url without padding; nothing for what is none.
std::optional<std::string> decode(std::string text) {
  for (char& c : text) c = c == '-' ? '+' : c == '_' ? '/' : c == '+' || c == '/' ? '!' : c;
  size_t pad = (4 - text.size() % 4) % 4;
  text.append(pad, '=');
  std::string out(text.size() / 4 * 3, '\0');
  int n = EVP_DecodeBlock((unsigned char*)out.data(), (const unsigned char*)text.data(), (int)text.size());
  if (pad == 3 || n < (int)pad) return std::nullopt;
  return out.substr(0, n - pad);
}

// signed_body returns the JSON of a pass that the key (kid and x of /party/keys.json) has signed.
std::optional<std::string> signed_body(const std::string& pass, const std::string& kid, const std::string& x) {
  size_t dot = pass.find('.'), last = pass.rfind('.');
  if (pass.size() > 2048 || dot == std::string::npos || dot == last || pass.find('.', dot + 1) != last) return std::nullopt;
  auto head = decode(pass.substr(0, dot)), body = decode(pass.substr(dot + 1, last - dot - 1)), signature = decode(pass.substr(last + 1)), key = decode(x);
  if (!head || !body || !signature || !key || key->size() != 32 || *head != "{\"alg\":\"EdDSA\",\"typ\":\"JWT\",\"kid\":\"" + kid + "\"}") return std::nullopt;
  EVP_PKEY* pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, (const unsigned char*)key->data(), key->size());
  EVP_MD_CTX* md = EVP_MD_CTX_new();
  bool good = EVP_DigestVerifyInit(md, nullptr, nullptr, nullptr, pkey) == 1 &&
              EVP_DigestVerify(md, (const unsigned char*)signature->data(), signature->size(), (const unsigned char*)pass.data(), last) == 1;
  EVP_MD_CTX_free(md), EVP_PKEY_free(pkey);
  return good ? body : std::nullopt;
}

int main() {
  int n = 0;
  for (std::string expected, kid, x, pass; std::cin >> expected >> kid >> x >> pass; n++)
    if (signed_body(pass, kid, x).has_value() != (expected == "signed")) return std::cerr << "wrong: " << pass << "\n", 1;
  std::cout << n << " signatures as expected\n";
}
