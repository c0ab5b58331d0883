#include "predictions.hpp"

#include "vit/core/text.hpp"
#include "vit/train/table.hpp"

#include "short_names.hpp"

#include <ATen/ATen.h>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace vit {
namespace {

using Json = nlohmann::ordered_json;

std::string class_name(const ClassNames& classes, int64_t label) {
  const auto i = static_cast<size_t>(label);
  return i < classes.size() ? classes[i] : std::to_string(label);
}

// At most `width` characters, the last of them dots when there is more.
std::string clipped(const std::string& text, int64_t width) {
  if (display_width(text) <= width) return text;
  size_t end = 0;
  for (int64_t shown = 0; shown < width - 2; ++shown) {  // characters of UTF-8
    do {
      ++end;
    } while (end < text.size() && (static_cast<unsigned char>(text[end]) & 0xC0) == 0x80);
  }
  return text.substr(0, end) + "..";
}

}  // namespace

std::vector<std::vector<Guess>> likeliest(const at::Tensor& logits, int64_t top) {
  const at::Tensor probabilities = at::softmax(logits.to(at::kDouble), 1);
  const auto [sorted, order] =
      probabilities.sort(/*stable=*/true, /*dim=*/1, /*descending=*/true);  // [B, K]
  const at::Tensor first = sorted.slice(1, 0, top).contiguous();
  const at::Tensor labels = order.slice(1, 0, top).contiguous();
  std::vector<std::vector<Guess>> found(static_cast<size_t>(logits.size(0)));
  const double* probability = first.const_data_ptr<double>();
  const int64_t* label = labels.const_data_ptr<int64_t>();
  for (auto& guesses : found) {
    for (int64_t i = 0; i < first.size(1); ++i) guesses.push_back({*label++, *probability++});
  }
  return found;
}

std::string csv_header() { return "file,rank,prediction,class,probability\n"; }

std::string csv_lines(const ImageGuesses& image, const ClassNames& classes) {
  std::string text;
  for (size_t i = 0; i < image.guesses.size(); ++i) {
    const Guess& guess = image.guesses[i];
    text += fmt::format("{},{},{},{},{:.6f}\n", csv_field(image.file), i + 1, guess.label,
                        csv_field(class_name(classes, guess.label)), guess.probability);
  }
  return text;
}

std::string json_line(const ImageGuesses& image, const ClassNames& classes) {
  Json predictions = Json::array();
  for (const Guess& guess : image.guesses) {
    predictions.push_back({{"prediction", guess.label},
                           {"class", class_name(classes, guess.label)},
                           {"probability", guess.probability}});
  }
  const Json line = {{"file", image.file}, {"predictions", std::move(predictions)}};
  return line.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string guesses_table(const std::vector<ImageGuesses>& images, const ClassNames& classes) {
  constexpr int64_t kWidest = 48;
  std::vector<std::string> paths;
  for (const ImageGuesses& image : images) paths.push_back(image.file);
  const std::vector<std::string> names = short_names(paths);
  using enum Table::Align;
  Table table({{"image", kLeft}, {"class", kLeft}, {"%", kRight}});
  for (size_t i = 0; i < images.size(); ++i) {
    for (const Guess& guess : images[i].guesses) {
      const bool is_first = &guess == images[i].guesses.data();
      table.add({is_first ? clipped(printable(names[i]), kWidest) : "",
                 clipped(printable(class_name(classes, guess.label)), kWidest),
                 fmt::format("{:.1f}", 100 * guess.probability)});
    }
  }
  return table.boxed();
}

}  // namespace vit
