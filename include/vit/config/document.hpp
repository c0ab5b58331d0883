// Layered YAML that remembers where every value was written: default < extends < file < the next
// file < --set, in this order.
//
// Maps are merged key by key, lists are replaced; null goes back to the default (and switches an
// optional off). A section whose `name` changes starts afresh: keys of earlier layers stay only
// when every entry of that catalogue has them (schedule.lr). What a section is, is known to read()
// only, so layers of a named section are kept apart until then.
//
// Beside plain YAML: `extends: base.yaml` or a list of them (relative to the file, or names of the
// search path), ${VAR} and
// ${VAR:-default} in values ($${ is a plain ${). Duplicate keys, tabs in the indentation, several
// documents in a file and text that is not UTF-8 are refused.
#pragma once

#include "vit/config/problems.hpp"

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace vit::config {

struct Node;  // src/config/node.hpp

// Folders where bare names such as `quickstart` are looked up (NAME.yaml, also in subfolders given
// as `finetune/NAME`).
using SearchPath = std::vector<std::filesystem::path>;

// All configurations of the search path, as names that can be given instead of a path.
std::vector<std::string> shipped_configs(const SearchPath& search);
// The file a path or bare name stands for. Throws ConfigError with the shipped names that start
// with `kind`: "sweeps/" where no other will do.
std::filesystem::path find_config(const std::string& name_or_path, const SearchPath& search,
                                  const std::string& kind = "");

class Document {
 public:
  Document();

  // Throws InvalidConfig (all problems of the file) or ConfigError (no such file). Undefined
  // variables and duplicate keys are reported by read() together with everything else.
  static Document from_file(const std::string& name_or_path, const SearchPath& search = {});
  // `name` is what messages call the text; relative paths in it are relative to `folder`.
  static Document from_text(std::string_view text, const std::string& name,
                            const std::filesystem::path& folder = {});

  // Puts `later` on top.
  Document& overlay(const Document& later);

  // One assignment "a.b=VALUE", VALUE as YAML; "augment.0.size=96" changes an element of a list.
  // Problems are kept for read().
  Document& set(std::string_view assignment);
  // The same for a command-line shorthand; messages call it `origin` ("--model vit_b16"). Relative
  // paths start at `folder`, by default at the working directory.
  Document& set(std::string_view key, std::string_view value, const std::string& origin,
                const std::filesystem::path& folder = {});

  // Whether some layer gives this key (or a key below it).
  bool contains(std::string_view key) const;
  // The scalar at `key`, "" when it is not given; for a section also its name, written `model:
  // vit_b16` or with `name:`.
  std::string scalar(std::string_view key) const;
  // "my.yaml:3", "--set a.b=1", "" when the key is not given.
  std::string origin(std::string_view key) const;

  const Node& root() const { return *root_; }
  const Problems& problems() const { return problems_; }

 private:
  std::shared_ptr<const Node> root_;
  Problems problems_;
};

}  // namespace vit::config
